/** Comparison and arithmetic over the four numeric types, by value and with MongoDB's rules for the type of a result. */
import type { Double } from 'bson';
import { Decimal128 } from 'bson';
import {
  addDecimals,
  compareFinite,
  decimalFromDouble,
  decimalOfDouble,
  formatDecimal,
  multiplyDecimals,
  parseDecimal,
} from './decimal.js';
import type { Finite, Parsed } from './decimal.js';
import { double, isInt32 } from './value.js';
import type { Num } from './value.js';

type Native = number | bigint;

const MAX_LONG = 9223372036854775807n;
const MIN_LONG = -9223372036854775808n;

/** Unwraps a double. */
export function native(value: number | bigint | Double): Native {
  return typeof value === 'object' ? value.value : value;
}

/** The nearest double. */
export function toDouble(value: Num): number {
  if (typeof value === 'number') return value;
  return value instanceof Decimal128 ? Number(value.toString()) : Number(native(value));
}

/** True for int32 and int64, false for double and decimal. */
export function isWhole(value: Num): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && isInt32(value));
}

/** True for NaN of either kind. */
export function isNaNValue(value: Num): boolean {
  return Number.isNaN(toDouble(value));
}

function exact(value: Num): Parsed {
  if (value instanceof Decimal128) return parseDecimal(value);
  const plain = native(value);
  if (typeof plain === 'bigint') return { coefficient: plain, exponent: 0 };
  return Number.isFinite(plain) ? decimalOfDouble(plain) : plain;
}

const ofExact = (value: Parsed): number | Finite => value;

function compareExact(a: number | Finite, b: number | Finite): number {
  if (typeof a !== 'number' && typeof b !== 'number') return compareFinite(a, b);
  const left = typeof a === 'number' ? a : 0;
  const right = typeof b === 'number' ? b : 0;
  return compareNative(left, right);
}

function compareNative(a: Native, b: Native): number {
  if (a < b) return -1;
  if (a > b) return 1;
  const leftNaN = Number.isNaN(a);
  if (leftNaN === Number.isNaN(b)) return 0;
  return leftNaN ? -1 : 1;
}

/** Compares by exact value whatever the types; NaN equals NaN and is below every other number. */
export function compareNumbers(a: Num, b: Num): number {
  if (a instanceof Decimal128 || b instanceof Decimal128) return compareExact(ofExact(exact(a)), ofExact(exact(b)));
  return compareNative(native(a), native(b));
}

/** A whole number as int32 if it fits and neither side was an int64, else as int64; null when it does not fit that. */
function whole(value: bigint, long: boolean): Num | null {
  if (!long && value >= -2147483648n && value <= 2147483647n) return Number(value);
  return value >= MIN_LONG && value <= MAX_LONG ? value : null;
}

function parsed(value: Num): Parsed {
  return value instanceof Decimal128
    ? parseDecimal(value)
    : isWhole(value)
      ? exact(value)
      : decimalFromDouble(toDouble(value));
}

interface Operation {
  readonly decimals: (a: Parsed, b: Parsed) => Parsed;
  readonly wholes: (a: bigint, b: bigint) => bigint;
  readonly doubles: (a: number, b: number) => number;
}

/**
 * Applies an operation: decimal if either is, else double if either is, else whole.
 * Gives null when a whole result does not fit an int64.
 */
function apply(operation: Operation, a: Num, b: Num): Num | null {
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    return formatDecimal(operation.decimals(parsed(a), parsed(b)));
  }
  if (isWhole(a) && isWhole(b)) {
    return whole(operation.wholes(BigInt(a), BigInt(b)), typeof a === 'bigint' || typeof b === 'bigint');
  }
  return double(operation.doubles(toDouble(a), toDouble(b)));
}

const ADD: Operation = { decimals: addDecimals, wholes: (a, b) => a + b, doubles: (a, b) => a + b };
const MULTIPLY: Operation = { decimals: multiplyDecimals, wholes: (a, b) => a * b, doubles: (a, b) => a * b };

/** a + b; null on overflow of an int64. An int32 sum that does not fit becomes an int64. */
export function add(a: Num, b: Num): Num | null {
  return apply(ADD, a, b);
}

/** a * b; null on overflow of an int64. */
export function multiply(a: Num, b: Num): Num | null {
  return apply(MULTIPLY, a, b);
}

/** A decimal operation on any two numbers. */
export function withDecimals(operation: (a: Parsed, b: Parsed) => Parsed, a: Num, b: Num): Decimal128 {
  return formatDecimal(operation(parsed(a), parsed(b)));
}

/** The exact whole number that a value stands for, or null if it has a fraction or is not finite. */
export function toWhole(value: Num): bigint | null {
  if (isWhole(value)) return BigInt(value);
  if (!(value instanceof Decimal128)) {
    const plain = toDouble(value);
    return Number.isInteger(plain) ? BigInt(plain) : null;
  }
  const decimal = parseDecimal(value);
  if (typeof decimal === 'number') return null;
  if (decimal.exponent >= 0) return decimal.coefficient * 10n ** BigInt(decimal.exponent);
  const scale = 10n ** BigInt(-decimal.exponent);
  return decimal.coefficient % scale === 0n ? decimal.coefficient / scale : null;
}
