import { Decimal128 } from 'bson';
import { CommandError } from '../errors.js';
import { divideDecimals, formatDecimal, moduloDecimals, parseDecimal } from '../bson/decimal.js';
import { add, applyToDecimals, isInteger, multiply, toDouble, toInteger } from '../bson/numbers.js';
import { double, isNumeric, type Maybe, type Numeric, typeName } from '../bson/value.js';
import { arityBetween, fixedArity, isNullish, type SimpleOperator } from './operator.js';

function requireNumber(value: Maybe, name: string): Numeric {
  if (!isNumeric(value)) throw new CommandError(14, `${name} only supports numeric types, not ${typeName(value)}`);
  return value;
}

function toMillis(value: Maybe, name: string): number {
  return Math.round(toDouble(requireNumber(value, name)));
}

function addValues(values: readonly Maybe[], name: string): Maybe {
  if (values.some(isNullish)) return null;
  const dates = values.filter((value) => value instanceof Date);
  const [date] = dates;
  if (dates.length > 1) throw new CommandError(16612, 'only one date allowed in an $add expression');
  if (date) {
    return values.reduce<Date>(
      (total, value) => (value === date ? total : new Date(total.getTime() + toMillis(value, name))),
      date,
    );
  }
  return values.reduce<Numeric>((total, value) => addNumbers(total, requireNumber(value, name)), 0);
}

/** Returns a + b. On overflow of an int64 the result is a double, as in MongoDB's expressions. */
export function addNumbers(a: Numeric, b: Numeric): Numeric {
  return add(a, b) ?? double(toDouble(a) + toDouble(b));
}

function negate(value: Numeric): Numeric {
  return typeof value === 'bigint' ? -value : multiplyNumbers(value, -1);
}

function multiplyNumbers(a: Numeric, b: Numeric): Numeric {
  return multiply(a, b) ?? double(toDouble(a) * toDouble(b));
}

function subtract(args: readonly Maybe[], name: string): Maybe {
  const [a, b] = args;
  if (isNullish(a) || isNullish(b)) return null;
  if (a instanceof Date) {
    return b instanceof Date ? BigInt(a.getTime() - b.getTime()) : new Date(a.getTime() - toMillis(b, name));
  }
  return addNumbers(requireNumber(a, name), negate(requireNumber(b, name)));
}

function divide(args: readonly Maybe[], name: string): Maybe {
  if (args.some(isNullish)) return null;
  const a = requireNumber(args[0], name);
  const b = requireNumber(args[1], name);
  if (toDouble(b) === 0) throw new CommandError(2, "can't $divide by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) return applyToDecimals(divideDecimals, a, b);
  return double(toDouble(a) / toDouble(b));
}

function remainder(args: readonly Maybe[], name: string): Maybe {
  if (args.some(isNullish)) return null;
  const a = requireNumber(args[0], name);
  const b = requireNumber(args[1], name);
  if (toDouble(b) === 0) throw new CommandError(16610, "can't $mod by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) return applyToDecimals(moduloDecimals, a, b);
  if (isInteger(a) && isInteger(b)) {
    const result = BigInt(a) % BigInt(b);
    return typeof a === 'bigint' || typeof b === 'bigint' ? result : Number(result);
  }
  return double(toDouble(a) % toDouble(b));
}

function unaryOperator(apply: (value: Numeric) => Maybe): SimpleOperator {
  return fixedArity(1, ([value], name) => (isNullish(value) ? null : apply(requireNumber(value, name))));
}

/** Rounds doubles and decimals; integers stay as they are. */
function roundingOperator(round: (value: number) => number): SimpleOperator {
  return unaryOperator((value) => {
    if (isInteger(value)) return value;
    if (!(value instanceof Decimal128)) return double(round(toDouble(value)));
    const parsed = parseDecimal(value);
    return typeof parsed === 'number' ? value : Decimal128.fromString(String(BigInt(round(toDouble(value)))));
  });
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function placeOperator(round: (value: number) => number): SimpleOperator {
  return arityBetween(1, 2, ([value, place], name) => {
    if (isNullish(value)) return null;
    const number = requireNumber(value, name);
    const digits = isNullish(place) ? 0n : toInteger(requireNumber(place, name));
    if (digits === null || digits < -20n || digits > 100n) {
      throw new CommandError(51083, `cannot apply ${name} with precision value outside of [-20, 100]`);
    }
    if (isInteger(number) && digits >= 0n) return number;
    if (number instanceof Decimal128) return roundDecimal(number, Number(digits));
    const factor = 10 ** Number(digits);
    const plain = toDouble(number);
    const result =
      digits >= 0n ? round(plain * factor) / factor : round(plain / 10 ** -Number(digits)) * 10 ** -Number(digits);
    if (!Number.isFinite(result)) return number;
    return typeof number === 'bigint' ? BigInt(result) : isInteger(number) ? result : double(result);
  });
}

function roundDecimal(value: Decimal128, digits: number): Decimal128 {
  const parsed = parseDecimal(value);
  if (typeof parsed === 'number' || parsed.exponent >= -digits) return value;
  const scale = 10n ** BigInt(-digits - parsed.exponent);
  const rest = parsed.coefficient % scale;
  const floor = parsed.coefficient / scale;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const up = twice > scale || (twice === scale && floor % 2n !== 0n);
  return formatDecimal({ coefficient: floor + (up ? (parsed.coefficient < 0n ? -1n : 1n) : 0n), exponent: -digits });
}

export const arithmeticOperators: Readonly<Record<string, SimpleOperator>> = {
  $add: arityBetween(0, Infinity, addValues),
  $subtract: fixedArity(2, subtract),
  $multiply: arityBetween(0, Infinity, (args, name) =>
    args.some(isNullish)
      ? null
      : args.reduce<Numeric>((total, value) => multiplyNumbers(total, requireNumber(value, name)), 1),
  ),
  $divide: fixedArity(2, divide),
  $mod: fixedArity(2, remainder),
  $abs: unaryOperator((value) => (toDouble(value) < 0 ? negate(value) : value)),
  $ceil: roundingOperator(Math.ceil),
  $floor: roundingOperator(Math.floor),
  $round: placeOperator(halfToEven),
  $trunc: placeOperator(Math.trunc),
};
