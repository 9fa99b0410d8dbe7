import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { CommandError } from '../errors.js';
import { double, setField } from './value.js';
import type { Doc, Value } from './value.js';

const MAX_DEPTH = 200;

interface Reader {
  readonly bytes: Buffer;
  at: number;
  depth: number;
}

function invalid(what: string): CommandError {
  return new CommandError(22, `Invalid BSON: ${what}`);
}

function take(reader: Reader, length: number): number {
  const start = reader.at;
  if (length < 0 || start + length > reader.bytes.length) throw invalid('a value runs past the end');
  reader.at = start + length;
  return start;
}

function cstring(reader: Reader): string {
  const { bytes, at } = reader;
  let end = at;
  let ascii = true;
  for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) {
    if (byte === undefined) throw invalid('a name has no end');
    if (byte > 127) ascii = false;
  }
  reader.at = end + 1;
  return bytes.toString(ascii ? 'latin1' : 'utf8', at, end);
}

function string(reader: Reader): string {
  const length = reader.bytes.readInt32LE(take(reader, 4));
  if (length < 1) throw invalid('bad string length');
  const start = take(reader, length);
  if (reader.bytes[start + length - 1] !== 0) throw invalid('a string has no end');
  return reader.bytes.toString('utf8', start, start + length - 1);
}

function openDocument(reader: Reader): number {
  const start = reader.at;
  const length = reader.bytes.readInt32LE(take(reader, 4));
  if (length < 5 || start + length > reader.bytes.length) throw invalid('bad document length');
  if (reader.bytes[start + length - 1] !== 0) throw invalid('a document has no end');
  if (++reader.depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH} levels`);
  return start + length - 1;
}

function closeDocument(reader: Reader, end: number): void {
  if (reader.at !== end) throw invalid('a document does not end where it says');
  reader.at = end + 1;
  reader.depth--;
}

function document(reader: Reader): Doc {
  const end = openDocument(reader);
  const result: Doc = {};
  while (reader.at < end) {
    const type = reader.bytes[reader.at++] ?? 0;
    const name = cstring(reader);
    setField(result, name, value(reader, type));
  }
  closeDocument(reader, end);
  return result;
}

function array(reader: Reader): Value[] {
  const end = openDocument(reader);
  const result: Value[] = [];
  while (reader.at < end) {
    const type = reader.bytes[reader.at++] ?? 0;
    while (reader.bytes[reader.at++] !== 0) if (reader.at >= end) throw invalid('a name has no end');
    result.push(value(reader, type));
  }
  closeDocument(reader, end);
  return result;
}

function binary(reader: Reader): Binary {
  let length = reader.bytes.readInt32LE(take(reader, 4));
  const subtype = reader.bytes[take(reader, 1)] ?? 0;
  if (subtype === Binary.SUBTYPE_BYTE_ARRAY) length = reader.bytes.readInt32LE(take(reader, 4));
  const start = take(reader, length);
  return new Binary(Uint8Array.prototype.slice.call(reader.bytes, start, start + length), subtype);
}

function date(reader: Reader): Value {
  const millis = Number(reader.bytes.readBigInt64LE(take(reader, 8)));
  const result = new Date(millis);
  if (Number.isNaN(result.getTime())) throw invalid('a date beyond the range of this store');
  return result;
}

function copy(reader: Reader, length: number): Uint8Array {
  const start = take(reader, length);
  return Uint8Array.prototype.slice.call(reader.bytes, start, start + length);
}

function boolean(reader: Reader): boolean {
  const byte = reader.bytes[take(reader, 1)];
  if (byte !== 0 && byte !== 1) throw invalid('bad boolean');
  return byte === 1;
}

const READERS: Readonly<Record<number, (reader: Reader) => Value>> = {
  0x01: (reader) => double(reader.bytes.readDoubleLE(take(reader, 8))),
  0x02: string,
  0x03: document,
  0x04: array,
  0x05: binary,
  0x06: () => null,
  0x07: (reader) => new ObjectId(copy(reader, 12)),
  0x08: boolean,
  0x09: date,
  0x0a: () => null,
  0x0b: (reader) => new BSONRegExp(cstring(reader), cstring(reader)),
  0x0d: (reader) => new Code(string(reader)),
  0x0e: (reader) => new BSONSymbol(string(reader)),
  0x10: (reader) => reader.bytes.readInt32LE(take(reader, 4)),
  0x11: (reader) => new Timestamp(reader.bytes.readBigUInt64LE(take(reader, 8))),
  0x12: (reader) => reader.bytes.readBigInt64LE(take(reader, 8)),
  0x13: (reader) => new Decimal128(copy(reader, 16)),
  0x7f: () => new MaxKey(),
  0xff: () => new MinKey(),
};

function value(reader: Reader, type: number): Value {
  const read = READERS[type];
  if (!read) throw invalid(`unsupported type 0x${type.toString(16)}`);
  return read(reader);
}

/** Decodes one whole document that fills `bytes`. Throws 22 (InvalidBSON) on any malformed part. */
export function decode(bytes: Buffer): Doc {
  const reader: Reader = { bytes, at: 0, depth: 0 };
  const result = document(reader);
  if (reader.at !== bytes.length) throw invalid('bytes after the end');
  return result;
}
