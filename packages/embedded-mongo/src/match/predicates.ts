/** The predicates of queries on a single value: comparison, membership, type, pattern. */
import { BSONRegExp, MaxKey, MinKey } from 'bson';
import { CommandError } from '../errors.js';
import { isNaNValue, toDouble, toInteger } from '../bson/numbers.js';
import { isNumeric, type Doc, type Maybe, textOf, type Value, typeCodes, typeName } from '../bson/value.js';
import { compare, rank } from '../order/compare.js';
import { compilePattern, type Pattern } from './regex.js';
import type { Predicate } from './query-node.js';

type Order = 'gt' | 'gte' | 'lt' | 'lte';

const orderChecks: Readonly<Record<Order, (order: number) => boolean>> = {
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

const missingAsNull = (value: Maybe): Value => (value === undefined ? null : value);

/** Matches by value. Null also matches a missing field. */
export function equalityPredicate(operand: Value): Predicate {
  const operandRank = rank(operand);
  return {
    op: 'eq',
    operand,
    expand: true,
    matches: (value) => {
      const actual = missingAsNull(value);
      return typeof actual === 'string' && typeof operand === 'string'
        ? actual === operand
        : rank(actual) === operandRank && compare(actual, operand) === 0;
    },
  };
}

/** Compares within one type. MinKey and MaxKey compare with everything, NaN only with itself. */
export function orderPredicate(op: Order, operand: Value): Predicate {
  if (operand instanceof BSONRegExp) throw new CommandError(2, `Can't have RegEx as arg to predicate over field`);
  const accepts = orderChecks[op];
  const anyType = operand instanceof MinKey || operand instanceof MaxKey;
  const operandRank = rank(operand);
  const isNaNOperand = isNumeric(operand) && isNaNValue(operand);
  const matches = (value: Maybe): boolean => {
    const actual = missingAsNull(value);
    if (anyType) return accepts(compare(actual, operand));
    if (rank(actual) !== operandRank) return false;
    if (isNumeric(actual) && isNaNValue(actual) !== isNaNOperand) return false;
    return accepts(compare(actual, operand));
  };
  return { op, operand, expand: true, matches };
}

function matchesPattern(pattern: Pattern, value: Maybe): boolean {
  const text = textOf(value);
  return text !== null && pattern.regex.test(text);
}

/** Matches strings by a pattern, and stored regular expressions that equal `literal`. */
export function patternPredicate(compiled: Pattern, literal: BSONRegExp): Predicate {
  const isSamePattern = (value: Maybe): boolean => value instanceof BSONRegExp && compare(value, literal) === 0;
  return {
    op: 'regex',
    pattern: compiled,
    expand: true,
    matches: (value) => matchesPattern(compiled, value) || isSamePattern(value),
  };
}

/** `$in`: matches any of the values, or any of the patterns among them. */
export function membershipPredicate(list: readonly Value[]): Predicate {
  const literals = list.filter((item) => item instanceof BSONRegExp);
  const patterns = literals.map((item) => compilePattern(item.pattern, item.options));
  const operands = list.filter((item) => !(item instanceof BSONRegExp));
  const strings = new Set(operands.filter((item) => typeof item === 'string'));
  const others = [...operands.filter((item) => typeof item !== 'string'), ...literals];
  const sorted = others.sort(compare);
  const matches = (value: Maybe): boolean => {
    const actual = missingAsNull(value);
    if (typeof actual === 'string' && strings.has(actual)) return true;
    return includes(sorted, actual) || patterns.some((item) => matchesPattern(item, actual));
  };
  return { op: 'in', operands, patterns, expand: true, matches };
}

/** Searches values that are sorted by `compare`. */
function includes(sorted: readonly Value[], value: Value): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(sorted[middle], value);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

/** `$exists: true`. */
export function existencePredicate(): Predicate {
  return { op: 'exists', expand: false, matches: (value) => value !== undefined };
}

const numericTypes = ['int', 'long', 'double', 'decimal'];

function typesOf(item: Value): string[] {
  if (item === 'number') return numericTypes;
  if (typeof item === 'string') {
    if (!typeCodes.has(item)) throw new CommandError(2, `Unknown type name alias: ${item}`);
    return [item];
  }
  if (!isNumeric(item)) throw new CommandError(14, 'type must be represented as a number or a string');
  const number = toDouble(item);
  const alias = [...typeCodes].find(([, code]) => code === number)?.[0];
  if (alias === undefined) throw new CommandError(2, `Invalid numerical type code: ${number}`);
  return [alias];
}

/** `$type`: matches one type or any of a list, by alias or number. */
export function typePredicate(operand: Value): Predicate {
  const list = Array.isArray(operand) ? operand : [operand];
  if (!list.length) throw new CommandError(9, '$type must match at least one type');
  const types = new Set(list.flatMap(typesOf));
  return { op: 'type', types, expand: true, matches: (value) => value !== undefined && types.has(typeName(value)) };
}

/** `$size`: matches arrays of an exact length. */
export function sizePredicate(operand: Value): Predicate {
  const size = isNumeric(operand) ? toInteger(operand) : null;
  if (size === null) throw new CommandError(2, `Failed to parse $size. Expected an integer`);
  if (size < 0n) throw new CommandError(2, `Failed to parse $size. Expected a non-negative number`);
  return { op: 'other', expand: false, matches: (value) => Array.isArray(value) && BigInt(value.length) === size };
}

/** `$mod: [divisor, remainder]`: matches by the integral part of a number. */
export function modPredicate(operand: Value): Predicate {
  if (!Array.isArray(operand) || operand.length !== 2) {
    throw new CommandError(
      2,
      `malformed mod, ${Array.isArray(operand) ? (operand.length < 2 ? 'not enough' : 'too many') + ' elements' : 'needs to be an array'}`,
    );
  }
  const [divisor, remainder] = operand.map((item) => {
    if (!isNumeric(item)) throw new CommandError(2, 'malformed mod, divisor or remainder is not a number');
    return Math.trunc(toDouble(item));
  });
  if (divisor === undefined || remainder === undefined || !divisor) throw new CommandError(2, 'divisor cannot be 0');
  return {
    op: 'other',
    expand: true,
    matches: (value) => {
      if (!isNumeric(value)) return false;
      const number = Math.trunc(toDouble(value));
      return Number.isFinite(number) && number % divisor === remainder;
    },
  };
}

/** `$regex` with `$options`; the pattern is a string or a regular expression. */
export function regexPredicate(operand: Value, options: Maybe): Predicate {
  if (options !== undefined && typeof options !== 'string') throw new CommandError(2, '$options has to be a string');
  if (operand instanceof BSONRegExp) {
    if (options !== undefined && operand.options) {
      throw new CommandError(51075, 'options set in both $regex and $options');
    }
    const flags = options ?? operand.options;
    return patternPredicate(compilePattern(operand.pattern, flags), new BSONRegExp(operand.pattern, flags));
  }
  if (typeof operand !== 'string') throw new CommandError(2, '$regex has to be a string');
  return patternPredicate(compilePattern(operand, options ?? ''), new BSONRegExp(operand, options ?? ''));
}

/** Matches arrays with an element that meets operators, as in `$elemMatch: { $gt: 1 }`. */
export function elementPredicate(matchesElement: (element: Doc) => boolean): Predicate {
  return {
    op: 'other',
    expand: false,
    matches: (value, details) => {
      if (!Array.isArray(value)) return false;
      const position = value.findIndex((item) => matchesElement({ element: item }));
      details.position = position;
      return position >= 0;
    },
  };
}
