/** Comparison and arithmetic across the four numeric types, by value, with MongoDB's rules for the type of a result. */
import { Decimal128, type Double } from 'bson';
import {
  addDecimals,
  compareFinite,
  exactDecimal,
  formatDecimal,
  multiplyDecimals,
  parseDecimal,
  roundedDecimal,
  type DecimalValue,
} from './decimal.js';
import { double, isInt32, type Numeric } from './value.js';

type Native = number | bigint;

const maxLong = 9223372036854775807n;
const minLong = -9223372036854775808n;

export function unwrapDouble(value: number | bigint | Double): Native {
  return typeof value === 'object' ? value.value : value;
}

/** Converts to the nearest double. */
export function toDouble(value: Numeric): number {
  if (typeof value === 'number') return value;
  return value instanceof Decimal128 ? Number(value.toString()) : Number(unwrapDouble(value));
}

/** True for int32 and int64, false for double and decimal. */
export function isInteger(value: Numeric): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && isInt32(value));
}

/** True for NaN of either kind. */
export function isNaNValue(value: Numeric): boolean {
  return Number.isNaN(toDouble(value));
}

function toExact(value: Numeric): DecimalValue {
  if (value instanceof Decimal128) return parseDecimal(value);
  const plain = unwrapDouble(value);
  if (typeof plain === 'bigint') return { coefficient: plain, exponent: 0 };
  return Number.isFinite(plain) ? exactDecimal(plain) : plain;
}

function compareExact(a: DecimalValue, b: DecimalValue): number {
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

/** Compares by exact value, whatever the types. NaN equals NaN and is below every other number. */
export function compareNumbers(a: Numeric, b: Numeric): number {
  if (a instanceof Decimal128 || b instanceof Decimal128) return compareExact(toExact(a), toExact(b));
  return compareNative(unwrapDouble(a), unwrapDouble(b));
}

/** Returns an int32 if the value fits and no operand was an int64, else an int64, or null if it does not fit that either. */
function fitInteger(value: bigint, isLong: boolean): Numeric | null {
  if (!isLong && value >= -2147483648n && value <= 2147483647n) return Number(value);
  return value >= minLong && value <= maxLong ? value : null;
}

function toDecimal(value: Numeric): DecimalValue {
  return value instanceof Decimal128
    ? parseDecimal(value)
    : isInteger(value)
      ? toExact(value)
      : roundedDecimal(toDouble(value));
}

interface Operation {
  decimals: (a: DecimalValue, b: DecimalValue) => DecimalValue;
  integers: (a: bigint, b: bigint) => bigint;
  doubles: (a: number, b: number) => number;
}

/**
 * Applies an operation. The result is a decimal if either operand is one, else a double if either is one, else an
 * integer; null if the integer does not fit an int64.
 */
function applyOperation(operation: Operation, a: Numeric, b: Numeric): Numeric | null {
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    return formatDecimal(operation.decimals(toDecimal(a), toDecimal(b)));
  }
  if (isInteger(a) && isInteger(b)) {
    return fitInteger(operation.integers(BigInt(a), BigInt(b)), typeof a === 'bigint' || typeof b === 'bigint');
  }
  return double(operation.doubles(toDouble(a), toDouble(b)));
}

const addition: Operation = { decimals: addDecimals, integers: (a, b) => a + b, doubles: (a, b) => a + b };
const multiplication: Operation = { decimals: multiplyDecimals, integers: (a, b) => a * b, doubles: (a, b) => a * b };

/** Returns a + b, or null if it overflows an int64. A sum that does not fit an int32 becomes an int64. */
export function add(a: Numeric, b: Numeric): Numeric | null {
  return applyOperation(addition, a, b);
}

/** Returns a * b, or null if it overflows an int64. */
export function multiply(a: Numeric, b: Numeric): Numeric | null {
  return applyOperation(multiplication, a, b);
}

/** Applies a decimal operation to two numbers of any type. */
export function applyToDecimals(
  operation: (a: DecimalValue, b: DecimalValue) => DecimalValue,
  a: Numeric,
  b: Numeric,
): Decimal128 {
  return formatDecimal(operation(toDecimal(a), toDecimal(b)));
}

/** Returns the exact integer value, or null if there is a fraction or the value is not finite. */
export function toInteger(value: Numeric): bigint | null {
  if (isInteger(value)) return BigInt(value);
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
