/** Conversions between types (https://www.mongodb.com/docs/manual/reference/operator/aggregation/convert/). */
import { Decimal128, ObjectId, Timestamp } from 'bson';
import { CommandError } from '../errors.js';
import { decimalFromDouble, formatDecimal, parseDecimal, truncateDecimal } from '../bson/decimal.js';
import { isWhole, toDouble } from '../bson/numbers.js';
import { double, isNum, TYPE_CODES, typeName } from '../bson/value.js';
import type { Maybe, Num, Value } from '../bson/value.js';
import { fixed, formFields, nullish } from './operator.js';
import type { Form, Simple } from './operator.js';
import { parseDate } from './date-text.js';

function failed(value: Value, to: string): CommandError {
  return new CommandError(
    241,
    `Unsupported conversion from ${typeName(value)} to ${to} in $convert with no onError value`,
  );
}

const outOfRange = (value: Num): CommandError =>
  new CommandError(241, `Conversion would overflow target type in $convert with no onError value: ${String(value)}`);

/** A number as MongoDB prints it. */
export function numberText(value: Num): string {
  if (value instanceof Decimal128) return value.toString();
  const plain = typeof value === 'object' ? value.value : value;
  if (plain === Infinity) return 'Infinity';
  return Object.is(plain, -0) ? '-0' : String(plain);
}

function textAsNumber(text: string, to: string): number {
  const number = Number(text);
  const special = /^[+-]?(?:inf|infinity|nan)$/i.test(text);
  if (special) return /nan/i.test(text) ? NaN : text.startsWith('-') ? -Infinity : Infinity;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) || Number.isNaN(number)) {
    throw new CommandError(241, `Failed to parse number '${text}' in $convert with no onError value: ${to}`);
  }
  return number;
}

/** The whole part of a number, towards zero. */
function truncated(value: Num): bigint {
  if (isWhole(value)) return BigInt(value);
  const decimal = value instanceof Decimal128 ? parseDecimal(value) : null;
  if (decimal && typeof decimal !== 'number') return truncateDecimal(decimal);
  const plain = toDouble(value);
  if (!Number.isFinite(plain)) throw outOfRange(value);
  return BigInt(Math.trunc(plain));
}

function whole(value: Value, to: 'int' | 'long'): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (isNum(value)) return truncated(value);
  if (value instanceof Date && to === 'long') return BigInt(value.getTime());
  if (typeof value !== 'string') throw failed(value, to);
  if (!/^[+-]?\d+$/.test(value)) {
    throw new CommandError(241, `Failed to parse number '${value}' in $convert with no onError value`);
  }
  return BigInt(value.replace('+', ''));
}

function toInt(value: Value): Value {
  const result = whole(value, 'int');
  if (result < -2147483648n || result > 2147483647n) throw outOfRange(result);
  return Number(result);
}

function toLong(value: Value): Value {
  const result = whole(value, 'long');
  if (BigInt.asIntN(64, result) !== result) throw outOfRange(result);
  return result;
}

function toDoubleValue(value: Value): Value {
  if (typeof value === 'boolean') return double(value ? 1 : 0);
  if (value instanceof Date) return double(value.getTime());
  if (typeof value === 'string') return double(textAsNumber(value, 'double'));
  if (!isNum(value)) throw failed(value, 'double');
  const result = toDouble(value);
  if (value instanceof Decimal128 && !Number.isFinite(result) && typeof parseDecimal(value) !== 'number') {
    throw outOfRange(value);
  }
  return double(result);
}

function toDecimal(value: Value): Value {
  if (value instanceof Decimal128) return value;
  if (typeof value === 'boolean') return Decimal128.fromString(value ? '1' : '0');
  if (value instanceof Date) return Decimal128.fromString(String(value.getTime()));
  if (typeof value === 'string') {
    textAsNumber(value, 'decimal');
    return Decimal128.fromStringWithRounding(value);
  }
  if (!isNum(value)) throw failed(value, 'decimal');
  return isWhole(value) ? Decimal128.fromString(String(value)) : formatDecimal(decimalFromDouble(toDouble(value)));
}

function toBool(value: Value): Value {
  if (typeof value === 'boolean') return value;
  if (isNum(value)) return toDouble(value) !== 0;
  if (typeof value === 'object' && ['array', 'object', 'regex', 'minKey', 'maxKey'].includes(typeName(value))) {
    throw failed(value, 'bool');
  }
  return true;
}

function toText(value: Value): Value {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (isNum(value)) return numberText(value);
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Date) return value.toISOString();
  throw failed(value, 'string');
}

function toObjectId(value: Value): Value {
  if (value instanceof ObjectId) return value;
  if (typeof value !== 'string') throw failed(value, 'objectId');
  if (!/^[0-9a-f]{24}$/i.test(value)) {
    throw new CommandError(241, `Failed to parse objectId '${value}' in $convert with no onError value`);
  }
  return new ObjectId(value);
}

/** An int32 cannot be a date; every other number counts milliseconds. */
function toDate(value: Value): Value {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (value instanceof Timestamp) return new Date(value.getHighBitsUnsigned() * 1000);
  if (typeof value === 'string') return parseDate(value, { zone: 'UTC', code: 241 });
  if (!isNum(value) || typeName(value) === 'int') throw failed(value, 'date');
  const result = new Date(Number(truncated(value)));
  if (Number.isNaN(result.getTime())) throw outOfRange(value);
  return result;
}

const TARGETS: Readonly<Record<string, (value: Value) => Value>> = {
  double: toDoubleValue,
  string: toText,
  objectId: toObjectId,
  bool: toBool,
  date: toDate,
  int: toInt,
  long: toLong,
  decimal: toDecimal,
};

function targetOf(to: Maybe): (value: Value) => Value {
  const code = isNum(to) ? toDouble(to) : null;
  const alias = code === null ? to : [...TYPE_CODES].find(([, number]) => number === code)?.[0];
  if (typeof alias !== 'string') throw new CommandError(9, `$convert's 'to' argument must be a string or number`);
  const target = Object.hasOwn(TARGETS, alias) ? TARGETS[alias] : undefined;
  if (target) return target;
  if (!TYPE_CODES.has(alias)) throw new CommandError(2, `Unknown type name: ${alias}`);
  return (value) => {
    throw failed(value, alias);
  };
}

const convert: Form = (operand, scope, compile) => {
  const fields = formFields('$convert', operand, {
    required: ['input', 'to'],
    optional: ['onError', 'onNull'],
    code: 9,
  });
  const part = (name: string) => compile(fields[name] ?? null, scope);
  const [input, to, onError, onNull] = [part('input'), part('to'), part('onError'), part('onNull')];
  return (doc, variables) => {
    const value = input(doc, variables);
    const wanted = to(doc, variables);
    if (nullish(value)) return onNull(doc, variables);
    if (nullish(wanted)) return null;
    const target = targetOf(wanted);
    try {
      return target(value);
    } catch (error) {
      if (!('onError' in fields) || !(error instanceof CommandError)) throw error;
      return onError(doc, variables);
    }
  };
};

const to = (target: (value: Value) => Value): Simple => fixed(1, ([value]) => (nullish(value) ? null : target(value)));

export const CONVERSIONS: Readonly<Record<string, Simple>> = {
  $toDouble: to(toDoubleValue),
  $toString: to(toText),
  $toObjectId: to(toObjectId),
  $toBool: to(toBool),
  $toDate: to(toDate),
  $toInt: to(toInt),
  $toLong: to(toLong),
  $toDecimal: to(toDecimal),
  $type: fixed(1, ([value]) => typeName(value)),
  $isNumber: fixed(1, ([value]) => isNum(value)),
};

export const CONVERSION_FORMS: Readonly<Record<string, Form>> = { $convert: convert };
