import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { CommandError } from '../errors.js';
import { double, setField, type Doc, type Value } from './value.js';

const maxDepth = 200;

interface BsonReader {
  bytes: Buffer;
  at: number;
  depth: number;
}

function invalidBson(reason: string): CommandError {
  return new CommandError(22, `Invalid BSON: ${reason}`);
}

/** Moves past `length` bytes and returns where they start. */
function advance(reader: BsonReader, length: number): number {
  const start = reader.at;
  if (length < 0 || start + length > reader.bytes.length) throw invalidBson('a value runs past the end');
  reader.at = start + length;
  return start;
}

function readCString(reader: BsonReader): string {
  const { bytes, at } = reader;
  let end = at;
  let ascii = true;
  for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) {
    if (byte === undefined) throw invalidBson('an unterminated field name');
    if (byte > 127) ascii = false;
  }
  reader.at = end + 1;
  return bytes.toString(ascii ? 'latin1' : 'utf8', at, end);
}

function readString(reader: BsonReader): string {
  const length = reader.bytes.readInt32LE(advance(reader, 4));
  if (length < 1) throw invalidBson('an invalid string length');
  const start = advance(reader, length);
  if (reader.bytes[start + length - 1] !== 0) throw invalidBson('an unterminated string');
  return reader.bytes.toString('utf8', start, start + length - 1);
}

function enterDocument(reader: BsonReader): number {
  const start = reader.at;
  const length = reader.bytes.readInt32LE(advance(reader, 4));
  if (length < 5 || start + length > reader.bytes.length) throw invalidBson('an invalid document length');
  if (reader.bytes[start + length - 1] !== 0) throw invalidBson('an unterminated document');
  if (++reader.depth > maxDepth) throw invalidBson(`nested deeper than ${maxDepth} levels`);
  return start + length - 1;
}

function leaveDocument(reader: BsonReader, end: number): void {
  if (reader.at !== end) throw invalidBson('a document of another length than it declares');
  reader.at = end + 1;
  reader.depth--;
}

function readDocument(reader: BsonReader): Doc {
  const end = enterDocument(reader);
  const result: Doc = {};
  while (reader.at < end) {
    const type = reader.bytes[reader.at++] ?? 0;
    const name = readCString(reader);
    setField(result, name, readValue(reader, type));
  }
  leaveDocument(reader, end);
  return result;
}

function readArray(reader: BsonReader): Value[] {
  const end = enterDocument(reader);
  const result: Value[] = [];
  while (reader.at < end) {
    const type = reader.bytes[reader.at++] ?? 0;
    while (reader.bytes[reader.at++] !== 0) if (reader.at >= end) throw invalidBson('an unterminated field name');
    result.push(readValue(reader, type));
  }
  leaveDocument(reader, end);
  return result;
}

function readBinary(reader: BsonReader): Binary {
  let length = reader.bytes.readInt32LE(advance(reader, 4));
  const subtype = reader.bytes[advance(reader, 1)] ?? 0;
  if (subtype === Binary.SUBTYPE_BYTE_ARRAY) length = reader.bytes.readInt32LE(advance(reader, 4));
  const start = advance(reader, length);
  return new Binary(Uint8Array.prototype.slice.call(reader.bytes, start, start + length), subtype);
}

function readDate(reader: BsonReader): Value {
  const millis = Number(reader.bytes.readBigInt64LE(advance(reader, 8)));
  const result = new Date(millis);
  if (Number.isNaN(result.getTime())) throw invalidBson('a date outside the supported range');
  return result;
}

function readBytes(reader: BsonReader, length: number): Uint8Array {
  const start = advance(reader, length);
  return Uint8Array.prototype.slice.call(reader.bytes, start, start + length);
}

function readBoolean(reader: BsonReader): boolean {
  const byte = reader.bytes[advance(reader, 1)];
  if (byte !== 0 && byte !== 1) throw invalidBson('an invalid boolean');
  return byte === 1;
}

const valueReaders: Readonly<Record<number, (reader: BsonReader) => Value>> = {
  0x01: (reader) => double(reader.bytes.readDoubleLE(advance(reader, 8))),
  0x02: readString,
  0x03: readDocument,
  0x04: readArray,
  0x05: readBinary,
  0x06: () => null,
  0x07: (reader) => new ObjectId(readBytes(reader, 12)),
  0x08: readBoolean,
  0x09: readDate,
  0x0a: () => null,
  0x0b: (reader) => new BSONRegExp(readCString(reader), readCString(reader)),
  0x0d: (reader) => new Code(readString(reader)),
  0x0e: (reader) => new BSONSymbol(readString(reader)),
  0x10: (reader) => reader.bytes.readInt32LE(advance(reader, 4)),
  0x11: (reader) => new Timestamp(reader.bytes.readBigUInt64LE(advance(reader, 8))),
  0x12: (reader) => reader.bytes.readBigInt64LE(advance(reader, 8)),
  0x13: (reader) => new Decimal128(readBytes(reader, 16)),
  0x7f: () => new MaxKey(),
  0xff: () => new MinKey(),
};

function readValue(reader: BsonReader, type: number): Value {
  const read = valueReaders[type];
  if (!read) throw invalidBson(`an unsupported type 0x${type.toString(16)}`);
  return read(reader);
}

/** Decodes the document that fills `bytes`. Throws 22 (InvalidBSON) if any part is malformed. */
export function decode(bytes: Buffer): Doc {
  const reader: BsonReader = { bytes, at: 0, depth: 0 };
  const result = readDocument(reader);
  if (reader.at !== bytes.length) throw invalidBson('bytes after the end of the document');
  return result;
}
