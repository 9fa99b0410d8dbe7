/** Values as bytes whose order is the order of the values. Every encoding is prefix-free, so encodings can be joined. */
import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, ObjectId, Timestamp } from 'bson';
import { compareNumbers, native } from '../bson/numbers.js';
import { parseDecimal } from '../bson/decimal.js';
import { isNum, isDoc } from '../bson/value.js';
import type { Doc, Maybe, Num, Value } from '../bson/value.js';
import { rank } from './compare.js';

/** Distance between type bytes, so that a byte between two types can bound a range. */
const STEP = 8;

let out = Buffer.allocUnsafe(1 << 12);
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

const view = new DataView(new ArrayBuffer(8));

function sortableBits(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  return bits >> 63n ? BigInt.asUintN(64, ~bits) : bits | (1n << 63n);
}

function ofSortableBits(bits: bigint): number {
  view.setBigUint64(0, bits >> 63n ? bits & ~(1n << 63n) : BigInt.asUintN(64, ~bits));
  return view.getFloat64(0);
}

function uint64(value: bigint): void {
  const start = reserve(8);
  out.writeBigUInt64BE(value, start);
}

const FRACTION_BITS = 80n;

/** How far `value` lies above the double `floor`, as a fixed-point part of the gap to the next double. */
function fraction(value: bigint | Decimal128, floor: number): bigint {
  const next = ofSortableBits(sortableBits(floor) + 1n);
  const decimal = typeof value === 'bigint' ? { coefficient: value, exponent: 0 } : parseDecimal(value);
  if (typeof decimal === 'number' || !Number.isFinite(next)) return (1n << FRACTION_BITS) - 1n;
  const scale = doublings(next - floor);
  const gap = timesPowerOfTwo(next - floor, scale);
  const [top, bottom] =
    decimal.exponent >= 0
      ? [decimal.coefficient * 10n ** BigInt(decimal.exponent), 1n]
      : [decimal.coefficient, 10n ** BigInt(-decimal.exponent)];
  const scaled = timesPowerOfTwo(floor, scale);
  const part = (((top << scale) - scaled * bottom) << FRACTION_BITS) / (bottom * gap);
  return part >> FRACTION_BITS ? (1n << FRACTION_BITS) - 1n : part;
}

/** How often a finite double must be doubled to be whole. */
function doublings(value: number): bigint {
  let count = 0n;
  for (let scaled = value; !Number.isInteger(scaled); scaled *= 2) count++;
  return count;
}

/** value * 2^scale, which is whole. */
function timesPowerOfTwo(value: number, scale: bigint): bigint {
  let scaled = value;
  let left = scale;
  while (left > 0n && !Number.isInteger(scaled)) {
    scaled *= 2;
    left--;
  }
  return BigInt(scaled) << left;
}

function number(value: Num): void {
  const plain = value instanceof Decimal128 ? Number(value.toString()) : Number(native(value));
  if (typeof value !== 'bigint' && !(value instanceof Decimal128)) {
    uint64(sortableBits(plain));
    return byte(0);
  }
  const order = compareNumbers(value, plain);
  if (order === 0) {
    uint64(sortableBits(plain));
    return byte(0);
  }
  const bits = order < 0 ? sortableBits(plain) - 1n : sortableBits(plain);
  uint64(bits);
  byte(1);
  const part = fraction(value, ofSortableBits(bits));
  const start = reserve(10);
  out.writeUInt16BE(Number(part >> 64n), start);
  out.writeBigUInt64BE(part & 0xffffffffffffffffn, start + 2);
}

/** Text ends with 0; 0 and 1 inside are written as two bytes so that nothing sorts below the end. */
function text(value: string): void {
  const length = Buffer.byteLength(value);
  let plain = true;
  for (let index = 0; index < value.length && plain; index++) plain = value.charCodeAt(index) > 1;
  if (plain) {
    const start = reserve(length);
    out.write(value, start, length, 'utf8');
  } else {
    for (const unit of Buffer.from(value)) {
      if (unit <= 1) byte(1);
      byte(unit <= 1 ? unit + 1 : unit);
    }
  }
  byte(0);
}

function document(value: Doc): void {
  for (const [name, item] of Object.entries(value)) {
    byte(rank(item) * STEP);
    text(name);
    content(item);
  }
  byte(0);
}

function array(value: readonly Value[]): void {
  for (const item of value) {
    byte(rank(item) * STEP);
    content(item);
  }
  byte(0);
}

function bytes(value: Uint8Array): void {
  const start = reserve(value.length);
  out.set(value, start);
}

function binary(value: Binary): void {
  const inside = value.value();
  const start = reserve(4);
  out.writeUInt32BE(inside.length, start);
  byte(value.sub_type);
  bytes(inside);
}

function content(value: Maybe): void {
  if (isNum(value)) return number(value);
  if (typeof value === 'string') return text(value);
  if (typeof value === 'boolean') return byte(value ? 1 : 0);
  if (value === null || value === undefined) return;
  object(value);
}

function object(value: Exclude<Value, Num | string | boolean | null>): void {
  if (value instanceof ObjectId) return bytes(value.id);
  if (value instanceof Date) return uint64(BigInt.asUintN(64, BigInt(value.getTime())) ^ (1n << 63n));
  if (Array.isArray(value)) return array(value);
  if (isDoc(value)) return document(value);
  if (value instanceof Binary) return binary(value);
  if (value instanceof Timestamp) return uint64(BigInt.asUintN(64, value.toBigInt()));
  if (value instanceof BSONSymbol) return text(value.value);
  if (value instanceof Code) return text(String(value.code));
  if (value instanceof BSONRegExp) {
    text(value.pattern);
    text(value.options);
  }
}

function invert(from: number): void {
  for (let index = from; index < at; index++) out[index] = ~(out[index] ?? 0) & 0xff;
}

/**
 * Encodes values one after the other; where `descending` says so, with inverted bytes. A missing value is encoded as
 * `undefined`, below null: an index passes null for a missing field and undefined for an empty array.
 */
export function encodeValues(values: readonly Maybe[], descending: readonly boolean[]): Buffer {
  at = 0;
  values.forEach((value, index) => {
    const start = at;
    byte(rank(value) * STEP);
    content(value);
    if (descending[index]) invert(start);
  });
  return Buffer.from(out.subarray(0, at));
}

/** Encodes one value. */
export function encodeKey(value: Maybe): Buffer {
  return encodeValues([value], []);
}

/** The bytes that begin every value of the type of `value`, and the first bytes above them. */
export function typeBounds(value: Value): { low: Buffer; high: Buffer } {
  const first = rank(value) * STEP;
  return { low: Buffer.of(first), high: Buffer.of(first + 1) };
}

/** The bytes that begin every string with this prefix (without the end mark). */
export function encodePrefix(prefix: string): Buffer {
  const whole = encodeKey(prefix);
  return whole.subarray(0, whole.length - 1);
}
