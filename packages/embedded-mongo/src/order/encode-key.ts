/** Encodes values as bytes that sort like the values. Every encoding is prefix-free, so encodings can be concatenated. */
import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, ObjectId, Timestamp } from 'bson';
import { compareNumbers, unwrapDouble } from '../bson/numbers.js';
import { parseDecimal } from '../bson/decimal.js';
import { isDoc, isNumeric, type Doc, type Maybe, type Numeric, type Value } from '../bson/value.js';
import { rank } from './compare.js';

/** The distance between type bytes, which leaves room for a byte between two types to bound a range. */
const typeStep = 8;

let buffer = Buffer.allocUnsafe(1 << 12);
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

const doubleView = new DataView(new ArrayBuffer(8));

/** Returns 64 bits that sort like the double. */
function sortableBits(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  doubleView.setFloat64(0, value === 0 ? 0 : value);
  const bits = doubleView.getBigUint64(0);
  return bits >> 63n ? BigInt.asUintN(64, ~bits) : bits | (1n << 63n);
}

function fromSortableBits(bits: bigint): number {
  doubleView.setBigUint64(0, bits >> 63n ? bits & ~(1n << 63n) : BigInt.asUintN(64, ~bits));
  return doubleView.getFloat64(0);
}

function writeUint64(value: bigint): void {
  const start = reserve(8);
  buffer.writeBigUInt64BE(value, start);
}

const fractionBits = 80n;

/** Returns how far `value` is above the double `floor`, as a fixed-point fraction of the gap to the next double. */
function fraction(value: bigint | Decimal128, floor: number): bigint {
  const next = fromSortableBits(sortableBits(floor) + 1n);
  const decimal = typeof value === 'bigint' ? { coefficient: value, exponent: 0 } : parseDecimal(value);
  if (typeof decimal === 'number' || !Number.isFinite(next)) return (1n << fractionBits) - 1n;
  const scale = doublingsToInteger(next - floor);
  const gap = timesPowerOfTwo(next - floor, scale);
  const [numerator, denominator] =
    decimal.exponent >= 0
      ? [decimal.coefficient * 10n ** BigInt(decimal.exponent), 1n]
      : [decimal.coefficient, 10n ** BigInt(-decimal.exponent)];
  const scaled = timesPowerOfTwo(floor, scale);
  const part = (((numerator << scale) - scaled * denominator) << fractionBits) / (denominator * gap);
  return part >> fractionBits ? (1n << fractionBits) - 1n : part;
}

/** Counts how often a finite double must be doubled to become an integer. */
function doublingsToInteger(value: number): bigint {
  let count = 0n;
  for (let scaled = value; !Number.isInteger(scaled); scaled *= 2) count++;
  return count;
}

/** Returns value * 2^scale, which must be an integer. */
function timesPowerOfTwo(value: number, scale: bigint): bigint {
  let scaled = value;
  let remaining = scale;
  while (remaining > 0n && !Number.isInteger(scaled)) {
    scaled *= 2;
    remaining--;
  }
  return BigInt(scaled) << remaining;
}

function writeNumber(value: Numeric): void {
  const double = value instanceof Decimal128 ? Number(value.toString()) : Number(unwrapDouble(value));
  if (typeof value !== 'bigint' && !(value instanceof Decimal128)) {
    writeUint64(sortableBits(double));
    return writeByte(0);
  }
  const order = compareNumbers(value, double);
  if (order === 0) {
    writeUint64(sortableBits(double));
    return writeByte(0);
  }
  const bits = order < 0 ? sortableBits(double) - 1n : sortableBits(double);
  writeUint64(bits);
  writeByte(1);
  const part = fraction(value, fromSortableBits(bits));
  const start = reserve(10);
  buffer.writeUInt16BE(Number(part >> 64n), start);
  buffer.writeBigUInt64BE(part & 0xffffffffffffffffn, start + 2);
}

/** Ends text with 0 and escapes 0 and 1 inside it, so that nothing sorts below the end. */
function writeText(value: string): void {
  const length = Buffer.byteLength(value);
  let isPlain = true;
  for (let index = 0; index < value.length && isPlain; index++) isPlain = value.charCodeAt(index) > 1;
  if (isPlain) {
    const start = reserve(length);
    buffer.write(value, start, length, 'utf8');
  } else {
    for (const unit of Buffer.from(value)) {
      if (unit <= 1) writeByte(1);
      writeByte(unit <= 1 ? unit + 1 : unit);
    }
  }
  writeByte(0);
}

function writeDocument(value: Doc): void {
  for (const [name, item] of Object.entries(value)) {
    writeByte(rank(item) * typeStep);
    writeText(name);
    writeContent(item);
  }
  writeByte(0);
}

function writeArray(value: readonly Value[]): void {
  for (const item of value) {
    writeByte(rank(item) * typeStep);
    writeContent(item);
  }
  writeByte(0);
}

function writeBytes(value: Uint8Array): void {
  const start = reserve(value.length);
  buffer.set(value, start);
}

function writeBinary(value: Binary): void {
  const content = value.value();
  const start = reserve(4);
  buffer.writeUInt32BE(content.length, start);
  writeByte(value.sub_type);
  writeBytes(content);
}

function writeContent(value: Maybe): void {
  if (isNumeric(value)) return writeNumber(value);
  if (typeof value === 'string') return writeText(value);
  if (typeof value === 'boolean') return writeByte(value ? 1 : 0);
  if (value === null || value === undefined) return;
  writeObject(value);
}

function writeObject(value: Exclude<Value, Numeric | string | boolean | null>): void {
  if (value instanceof ObjectId) return writeBytes(value.id);
  if (value instanceof Date) return writeUint64(BigInt.asUintN(64, BigInt(value.getTime())) ^ (1n << 63n));
  if (Array.isArray(value)) return writeArray(value);
  if (isDoc(value)) return writeDocument(value);
  if (value instanceof Binary) return writeBinary(value);
  if (value instanceof Timestamp) return writeUint64(BigInt.asUintN(64, value.toBigInt()));
  if (value instanceof BSONSymbol) return writeText(value.value);
  if (value instanceof Code) return writeText(String(value.code));
  if (value instanceof BSONRegExp) {
    writeText(value.pattern);
    writeText(value.options);
  }
}

function invertFrom(from: number): void {
  for (let index = from; index < offset; index++) buffer[index] = ~(buffer[index] ?? 0) & 0xff;
}

/**
 * Encodes values one after the other, descending ones with inverted bytes. `undefined` is encoded below null: an index
 * passes null for a missing field and undefined for an empty array.
 */
export function encodeValues(values: readonly Maybe[], descending: readonly boolean[]): Buffer {
  offset = 0;
  values.forEach((value, index) => {
    const start = offset;
    writeByte(rank(value) * typeStep);
    writeContent(value);
    if (descending[index]) invertFrom(start);
  });
  return Buffer.from(buffer.subarray(0, offset));
}

export function encodeKey(value: Maybe): Buffer {
  return encodeValues([value], []);
}

/** Returns the bytes that begin every value of the type of `value`, and the lowest bytes above them. */
export function typeBounds(value: Value): { low: Buffer; high: Buffer } {
  const first = rank(value) * typeStep;
  return { low: Buffer.of(first), high: Buffer.of(first + 1) };
}

/** Returns the bytes that begin every string with this prefix. */
export function encodePrefix(prefix: string): Buffer {
  const whole = encodeKey(prefix);
  return whole.subarray(0, whole.length - 1);
}
