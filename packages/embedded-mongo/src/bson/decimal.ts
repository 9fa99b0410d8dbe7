/** Exact arithmetic on Decimal128: a value is coefficient * 10^exponent, rounded to 34 digits when it is formatted. */
import { Decimal128 } from 'bson';

export interface FiniteDecimal {
  coefficient: bigint;
  exponent: number;
}
/** Either an exact finite value, or one of the doubles NaN, Infinity and -Infinity. */
export type DecimalValue = FiniteDecimal | number;

const maxDigits = 34;

export function parseDecimal(value: Decimal128): DecimalValue {
  const text = value.toString();
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(text);
  if (!match) return Number(text);
  const [, sign, whole = '0', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  return { coefficient: sign ? -digits : digits, exponent: Number(exponent) - fraction.length };
}

/** Converts a finite double without rounding. */
export function exactDecimal(value: number): FiniteDecimal {
  let scaled = value;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings++;
  }
  return { coefficient: BigInt(scaled) * 5n ** BigInt(halvings), exponent: -halvings };
}

/** Converts a double as MongoDB does, to 15 significant digits. */
export function roundedDecimal(value: number): DecimalValue {
  return Number.isFinite(value) ? parseDecimal(Decimal128.fromString(value.toPrecision(15))) : value;
}

/** Rounds half to even at 34 digits. */
export function formatDecimal(value: DecimalValue): Decimal128 {
  if (typeof value === 'number') return Decimal128.fromString(Number.isNaN(value) ? 'NaN' : String(value));
  let { coefficient, exponent } = value;
  const excess = (coefficient < 0n ? -coefficient : coefficient).toString().length - maxDigits;
  if (excess > 0) {
    coefficient = divideRounded(coefficient, 10n ** BigInt(excess));
    exponent += excess;
  }
  return Decimal128.fromStringWithRounding(`${coefficient}E${exponent}`);
}

function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n;
  const numerator = dividend < 0n ? -dividend : dividend;
  const denominator = divisor < 0n ? -divisor : divisor;
  let quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient++;
  return negative ? -quotient : quotient;
}

function align(a: FiniteDecimal, b: FiniteDecimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  return [
    a.coefficient * 10n ** BigInt(a.exponent - exponent),
    b.coefficient * 10n ** BigInt(b.exponent - exponent),
    exponent,
  ];
}

/** Compares by exact value: -1, 0 or 1. */
export function compareFinite(a: FiniteDecimal, b: FiniteDecimal): number {
  const [left, right] = align(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Returns a double of the same sign, which is all that counts next to an infinity or NaN. */
const standInDouble = (value: DecimalValue): number =>
  typeof value === 'number' ? value : Number(value.coefficient) === 0 ? 0 : value.coefficient < 0n ? -1 : 1;

/** Returns a + b. Infinities and NaN follow IEEE 754, here and in the operations below. */
export function addDecimals(a: DecimalValue, b: DecimalValue): DecimalValue {
  if (typeof a === 'number' || typeof b === 'number') return standInDouble(a) + standInDouble(b);
  const [left, right, exponent] = align(a, b);
  return { coefficient: left + right, exponent };
}

export function multiplyDecimals(a: DecimalValue, b: DecimalValue): DecimalValue {
  if (typeof a === 'number' || typeof b === 'number') return standInDouble(a) * standInDouble(b);
  return { coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent };
}

/** Divides to at least 34 digits. `b` must not be zero. */
export function divideDecimals(a: DecimalValue, b: DecimalValue): DecimalValue {
  if (typeof a === 'number' || typeof b === 'number')
    return typeof b === 'number' && typeof a !== 'number' && !Number.isNaN(b) ? 0 : standInDouble(a) / standInDouble(b);
  const shift = 2 * maxDigits + b.coefficient.toString().length;
  return shorten({
    coefficient: divideRounded(a.coefficient * 10n ** BigInt(shift), b.coefficient),
    exponent: a.exponent - b.exponent - shift,
  });
}

/** Drops trailing zeros. */
function shorten(value: FiniteDecimal): FiniteDecimal {
  let { coefficient, exponent } = value;
  while (coefficient !== 0n && coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return { coefficient, exponent };
}

/** Returns the remainder of a / b, with the sign of a. `b` must not be zero. */
export function moduloDecimals(a: DecimalValue, b: DecimalValue): DecimalValue {
  if (typeof a === 'number') return Number.NaN;
  if (typeof b === 'number') return Number.isNaN(b) ? b : a;
  const [left, right, exponent] = align(a, b);
  return { coefficient: left % right, exponent };
}
