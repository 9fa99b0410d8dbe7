import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { isInt32, type Doc, type Maybe } from './value.js';

/** A value or, as a Buffer, a document that is already encoded and copied as it is. */
export type Encodable = Maybe | Buffer | Encodable[] | { [key: string]: Encodable };

let buffer = Buffer.allocUnsafe(1 << 16);
let offset = 0;

function reserve(length: number): number {
  const start = offset;
  if (start + length > buffer.length) {
    const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, start + length));
    buffer.copy(grown, 0, 0, start);
    buffer = grown;
  }
  offset = start + length;
  return start;
}

// `reserve` may replace `buffer`, so it is always called before `buffer` is read.
function writeByte(value: number): void {
  const start = reserve(1);
  buffer[start] = value;
}

function writeInt32(value: number): void {
  const start = reserve(4);
  buffer.writeInt32LE(value, start);
}

function writeText(value: string): number {
  const length = Buffer.byteLength(value);
  const start = reserve(length);
  buffer.write(value, start, length, 'utf8');
  return length;
}

function writeCString(value: string): void {
  writeText(value);
  writeByte(0);
}

function writeString(value: string): void {
  const lengthAt = reserve(4);
  const length = writeText(value);
  writeByte(0);
  buffer.writeInt32LE(length + 1, lengthAt);
}

function writeBytes(value: Uint8Array): void {
  const start = reserve(value.length);
  buffer.set(value, start);
}

function writeHeader(type: number, name: string): void {
  writeByte(type);
  writeCString(name);
}

function writeDocument(entries: Iterable<[string, Encodable]>): void {
  const start = reserve(4);
  for (const [name, value] of entries) writeElement(name, value);
  writeByte(0);
  buffer.writeInt32LE(offset - start, start);
}

function* arrayEntries(list: readonly Encodable[]): Generator<[string, Encodable]> {
  for (let index = 0; index < list.length; index++) yield [String(index), list[index] ?? null];
}

function writeNumber(name: string, value: number): void {
  if (isInt32(value)) {
    writeHeader(0x10, name);
    writeInt32(value);
    return;
  }
  writeHeader(0x01, name);
  const start = reserve(8);
  buffer.writeDoubleLE(value, start);
}

function writeBinary(value: Binary): void {
  const content = value.value();
  const hasInnerLength = value.sub_type === Binary.SUBTYPE_BYTE_ARRAY;
  writeInt32(content.length + (hasInnerLength ? 4 : 0));
  writeByte(value.sub_type);
  if (hasInnerLength) writeInt32(content.length);
  writeBytes(content);
}

function writeBigInt(value: bigint): void {
  const start = reserve(8);
  buffer.writeBigInt64LE(BigInt.asIntN(64, value), start);
}

type ValueWriter = [type: number, write: (value: object) => void];
function writerFor<T extends object>(
  of: abstract new (...args: never[]) => T,
  type: number,
  write: (value: T) => void,
): [unknown, ValueWriter] {
  return [
    of,
    [
      type,
      (value) => {
        if (value instanceof of) write(value);
      },
    ],
  ];
}

const valueWriters = new Map<unknown, ValueWriter>([
  writerFor(Buffer, 0x03, writeBytes),
  writerFor(Date, 0x09, (value) => writeBigInt(BigInt(value.getTime()))),
  writerFor(ObjectId, 0x07, (value) => writeBytes(value.id)),
  writerFor(Binary, 0x05, writeBinary),
  writerFor(BSONRegExp, 0x0b, (value) => {
    writeCString(value.pattern);
    writeCString(value.options);
  }),
  writerFor(BSONSymbol, 0x0e, (value) => writeString(value.value)),
  writerFor(Code, 0x0d, (value) => writeString(String(value.code))),
  writerFor(Decimal128, 0x13, (value) => writeBytes(value.bytes)),
  writerFor(Double, 0x01, (value) => {
    const start = reserve(8);
    buffer.writeDoubleLE(value.value, start);
  }),
  writerFor(Timestamp, 0x11, (value) => {
    const start = reserve(8);
    buffer.writeBigUInt64LE(BigInt.asUintN(64, value.toBigInt()), start);
  }),
  writerFor(MaxKey, 0x7f, () => undefined),
  writerFor(MinKey, 0xff, () => undefined),
]);

function writeObject(name: string, value: object): void {
  const writer = valueWriters.get(Object.getPrototypeOf(value).constructor);
  if (writer) {
    const [type, write] = writer;
    writeHeader(type, name);
    write(value);
  } else if (Array.isArray(value)) {
    writeHeader(0x04, name);
    writeDocument(arrayEntries(value));
  } else {
    writeHeader(0x03, name);
    writeDocument(Object.entries(value));
  }
}

function writeElement(name: string, value: Encodable): void {
  switch (typeof value) {
    case 'undefined':
      return;
    case 'number':
      return writeNumber(name, value);
    case 'string':
      writeHeader(0x02, name);
      return writeString(value);
    case 'boolean':
      writeHeader(0x08, name);
      return writeByte(value ? 1 : 0);
    case 'bigint':
      writeHeader(0x12, name);
      return writeBigInt(value);
    default:
      if (value === null) writeHeader(0x0a, name);
      else writeObject(name, value);
  }
}

/** Encodes a document into a new buffer. Undefined fields are omitted. */
export function encode(doc: Doc | { [key: string]: Encodable }): Buffer {
  offset = 0;
  writeDocument(Object.entries(doc));
  const result = Buffer.from(buffer.subarray(0, offset));
  if (buffer.length > 1 << 22) buffer = Buffer.allocUnsafe(1 << 16);
  return result;
}
