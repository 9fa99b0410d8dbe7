import { Decimal128 } from 'bson';
import { CommandError } from '../errors.js';
import { divideDecimals, formatDecimal, moduloDecimals, parseDecimal } from '../bson/decimal.js';
import { add, isWhole, multiply, toDouble, toWhole, withDecimals } from '../bson/numbers.js';
import { double, isNum, typeName } from '../bson/value.js';
import type { Maybe, Num } from '../bson/value.js';
import { between, fixed, nullish } from './operator.js';
import type { Simple } from './operator.js';

function number(value: Maybe, name: string): Num {
  if (!isNum(value)) throw new CommandError(14, `${name} only supports numeric types, not ${typeName(value)}`);
  return value;
}

function toMillis(value: Maybe, name: string): number {
  return Math.round(toDouble(number(value, name)));
}

function sum(values: readonly Maybe[], name: string): Maybe {
  if (values.some(nullish)) return null;
  const dates = values.filter((value) => value instanceof Date);
  const [date] = dates;
  if (dates.length > 1) throw new CommandError(16612, 'only one date allowed in an $add expression');
  if (date) {
    return values.reduce<Date>(
      (total, value) => (value === date ? total : new Date(total.getTime() + toMillis(value, name))),
      date,
    );
  }
  return values.reduce<Num>((total, value) => addNumbers(total, number(value, name)), 0);
}

/** The sum of two numbers; an int64 that overflows becomes a double, as in expressions. */
export function addNumbers(a: Num, b: Num): Num {
  return add(a, b) ?? double(toDouble(a) + toDouble(b));
}

function negative(value: Num): Num {
  return typeof value === 'bigint' ? -value : multiplyNumbers(value, -1);
}

function multiplyNumbers(a: Num, b: Num): Num {
  return multiply(a, b) ?? double(toDouble(a) * toDouble(b));
}

function subtract(args: readonly Maybe[], name: string): Maybe {
  const [a, b] = args;
  if (nullish(a) || nullish(b)) return null;
  if (a instanceof Date) {
    return b instanceof Date ? BigInt(a.getTime() - b.getTime()) : new Date(a.getTime() - toMillis(b, name));
  }
  return addNumbers(number(a, name), negative(number(b, name)));
}

function divide(args: readonly Maybe[], name: string): Maybe {
  if (args.some(nullish)) return null;
  const a = number(args[0], name);
  const b = number(args[1], name);
  if (toDouble(b) === 0) throw new CommandError(2, "can't $divide by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) return withDecimals(divideDecimals, a, b);
  return double(toDouble(a) / toDouble(b));
}

function modulo(args: readonly Maybe[], name: string): Maybe {
  if (args.some(nullish)) return null;
  const a = number(args[0], name);
  const b = number(args[1], name);
  if (toDouble(b) === 0) throw new CommandError(16610, "can't $mod by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) return withDecimals(moduloDecimals, a, b);
  if (isWhole(a) && isWhole(b)) {
    const result = BigInt(a) % BigInt(b);
    return typeof a === 'bigint' || typeof b === 'bigint' ? result : Number(result);
  }
  return double(toDouble(a) % toDouble(b));
}

function unary(apply: (value: Num) => Maybe): Simple {
  return fixed(1, ([value], name) => (nullish(value) ? null : apply(number(value, name))));
}

/** Rounds decimals and doubles by a function of doubles or whole parts; whole numbers stay as they are. */
function rounding(round: (value: number) => number): Simple {
  return unary((value) => {
    if (isWhole(value)) return value;
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

function atPlace(round: (value: number) => number): Simple {
  return between(1, 2, ([value, place], name) => {
    if (nullish(value)) return null;
    const given = number(value, name);
    const digits = nullish(place) ? 0n : toWhole(number(place, name));
    if (digits === null || digits < -20n || digits > 100n) {
      throw new CommandError(51083, `cannot apply ${name} with precision value outside of [-20, 100]`);
    }
    if (isWhole(given) && digits >= 0n) return given;
    if (given instanceof Decimal128) return roundDecimal(given, Number(digits));
    const factor = 10 ** Number(digits);
    const plain = toDouble(given);
    const result =
      digits >= 0n ? round(plain * factor) / factor : round(plain / 10 ** -Number(digits)) * 10 ** -Number(digits);
    if (!Number.isFinite(result)) return given;
    return typeof given === 'bigint' ? BigInt(result) : isWhole(given) ? result : double(result);
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

export const ARITHMETIC: Readonly<Record<string, Simple>> = {
  $add: between(0, Infinity, sum),
  $subtract: fixed(2, subtract),
  $multiply: between(0, Infinity, (args, name) =>
    args.some(nullish) ? null : args.reduce<Num>((total, value) => multiplyNumbers(total, number(value, name)), 1),
  ),
  $divide: fixed(2, divide),
  $mod: fixed(2, modulo),
  $abs: unary((value) => (toDouble(value) < 0 ? negative(value) : value)),
  $ceil: rounding(Math.ceil),
  $floor: rounding(Math.floor),
  $round: atPlace(halfToEven),
  $trunc: atPlace(Math.trunc),
};
