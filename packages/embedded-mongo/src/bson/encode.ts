import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { isInt32 } from './value.js';
import type { Doc, Maybe } from './value.js';

/** A document that is already encoded, to be spliced into a reply as it is. */
export class Raw {
  constructor(readonly bytes: Uint8Array) {}
}

export type Encodable = Maybe | Raw | Encodable[] | { [key: string]: Encodable };

let out = Buffer.allocUnsafe(1 << 16);
let at = 0;

function reserve(length: number): number {
  const start = at;
  if (start + length > out.length) {
    const grown = Buffer.allocUnsafe(Math.max(out.length * 2, start + length));
    out.copy(grown, 0, 0, start);
    out = grown;
  }
  at = start + length;
  return start;
}

// `reserve` may put another buffer in the place of `out`: it is always called first.
function byte(value: number): void {
  const start = reserve(1);
  out[start] = value;
}

function int32(value: number): void {
  const start = reserve(4);
  out.writeInt32LE(value, start);
}

function text(value: string): number {
  const length = Buffer.byteLength(value);
  const start = reserve(length);
  out.write(value, start, length, 'utf8');
  return length;
}

function cstring(value: string): void {
  text(value);
  byte(0);
}

function string(value: string): void {
  const lengthAt = reserve(4);
  const length = text(value);
  byte(0);
  out.writeInt32LE(length + 1, lengthAt);
}

function bytes(value: Uint8Array): void {
  const start = reserve(value.length);
  out.set(value, start);
}

function header(type: number, name: string): void {
  byte(type);
  cstring(name);
}

function document(entries: Iterable<[string, Encodable]>): void {
  const start = reserve(4);
  for (const [name, value] of entries) element(name, value);
  byte(0);
  out.writeInt32LE(at - start, start);
}

function* elements(list: readonly Encodable[]): Generator<[string, Encodable]> {
  for (let index = 0; index < list.length; index++) yield [String(index), list[index] ?? null];
}

function number(name: string, value: number): void {
  if (isInt32(value)) {
    header(0x10, name);
    int32(value);
    return;
  }
  header(0x01, name);
  const start = reserve(8);
  out.writeDoubleLE(value, start);
}

function binary(value: Binary): void {
  const content = value.value();
  const old = value.sub_type === Binary.SUBTYPE_BYTE_ARRAY;
  int32(content.length + (old ? 4 : 0));
  byte(value.sub_type);
  if (old) int32(content.length);
  bytes(content);
}

function bigint(value: bigint): void {
  const start = reserve(8);
  out.writeBigInt64LE(BigInt.asIntN(64, value), start);
}

type Writer = [type: number, write: (value: object) => void];
function writer<T extends object>(
  of: abstract new (...args: never[]) => T,
  type: number,
  write: (value: T) => void,
): [unknown, Writer] {
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

const WRITERS = new Map<unknown, Writer>([
  writer(Raw, 0x03, (value) => bytes(value.bytes)),
  writer(Date, 0x09, (value) => bigint(BigInt(value.getTime()))),
  writer(ObjectId, 0x07, (value) => bytes(value.id)),
  writer(Binary, 0x05, binary),
  writer(BSONRegExp, 0x0b, (value) => {
    cstring(value.pattern);
    cstring(value.options);
  }),
  writer(BSONSymbol, 0x0e, (value) => string(value.value)),
  writer(Code, 0x0d, (value) => string(String(value.code))),
  writer(Decimal128, 0x13, (value) => bytes(value.bytes)),
  writer(Double, 0x01, (value) => {
    const start = reserve(8);
    out.writeDoubleLE(value.value, start);
  }),
  writer(Timestamp, 0x11, (value) => {
    const start = reserve(8);
    out.writeBigUInt64LE(BigInt.asUintN(64, value.toBigInt()), start);
  }),
  writer(MaxKey, 0x7f, () => undefined),
  writer(MinKey, 0xff, () => undefined),
]);

function object(name: string, value: object): void {
  const found = WRITERS.get(Object.getPrototypeOf(value).constructor);
  if (found) {
    header(found[0], name);
    found[1](value);
  } else if (Array.isArray(value)) {
    header(0x04, name);
    document(elements(value));
  } else {
    header(0x03, name);
    document(Object.entries(value));
  }
}

function element(name: string, value: Encodable): void {
  switch (typeof value) {
    case 'undefined':
      return;
    case 'number':
      return number(name, value);
    case 'string':
      header(0x02, name);
      return string(value);
    case 'boolean':
      header(0x08, name);
      return byte(value ? 1 : 0);
    case 'bigint':
      header(0x12, name);
      return bigint(value);
    default:
      if (value === null) header(0x0a, name);
      else object(name, value);
  }
}

/** Encodes a document; fields that are undefined are left out. The result is a buffer of its own. */
export function encode(doc: Doc | { [key: string]: Encodable }): Buffer {
  at = 0;
  document(Object.entries(doc));
  const result = Buffer.from(out.subarray(0, at));
  if (out.length > 1 << 22) out = Buffer.allocUnsafe(1 << 16);
  return result;
}
