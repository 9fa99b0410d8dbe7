import { Decimal128 } from 'bson';
import { CommandError } from '../errors.js';
import { double, isDoc, isNumeric, type Maybe, type Numeric, type Value, typeName } from '../bson/value.js';
import { applyToDecimals, toDouble, toInteger } from '../bson/numbers.js';
import { divideDecimals } from '../bson/decimal.js';
import { compare, isEqual } from '../order/compare.js';
import { compareTuples, parseSort, sortTuple } from '../order/sort-pattern.js';
import { addNumbers } from './arithmetic.js';
import { extremeOperators } from './logic.js';
import { arityBetween, fixedArity, isNullish, isTruthy, namedArguments, type SimpleOperator } from './operator.js';

function requireArray(value: Maybe, name: string, code: number): Value[] {
  if (!Array.isArray(value))
    throw new CommandError(code, `${name}'s argument must be an array, but is ${typeName(value)}`);
  return value;
}

function requireInteger(value: Maybe, name: string, code: number): number {
  const whole = isNumeric(value) ? toInteger(value) : null;
  if (whole === null) throw new CommandError(code, `${name} needs an integer, but got ${typeName(value)}`);
  return Number(whole);
}

function elementAt(args: readonly Maybe[], name: string): Maybe {
  const [list, index] = args;
  if (isNullish(list) || isNullish(index)) return null;
  return requireArray(list, name, 28689).at(requireInteger(index, name, 28690));
}

const elementOperator = (position: 0 | -1): SimpleOperator =>
  fixedArity(1, ([list], name) => (isNullish(list) ? null : requireArray(list, name, 28689).at(position)));

function slice(args: readonly Maybe[], name: string): Maybe {
  const [list, second, third] = args;
  if (isNullish(list) || isNullish(second) || (args.length === 3 && isNullish(third))) return null;
  const items = requireArray(list, name, 28724);
  const first = requireInteger(second, name, 28725);
  if (args.length === 2) return first >= 0 ? items.slice(0, first) : items.slice(first);
  const count = requireInteger(third, name, 28727);
  if (count <= 0) throw new CommandError(28729, `Third argument to $slice must be positive: ${count}`);
  const start = first >= 0 ? first : Math.max(0, items.length + first);
  return items.slice(start, start + count);
}

function indexOf(args: readonly Maybe[], name: string): Maybe {
  const [list, searched, from, to] = args;
  if (isNullish(list)) return null;
  const items = requireArray(list, name, 40090);
  const start = from === undefined ? 0 : requireInteger(from, name, 40096);
  const end = to === undefined ? items.length : Math.min(items.length, requireInteger(to, name, 40096));
  for (let index = start; index < end; index++) if (isEqual(items[index], searched)) return index;
  return -1;
}

function unique(items: readonly Value[]): Value[] {
  const sorted = [...items].sort(compare);
  return sorted.filter((item, index) => index === 0 || !isEqual(item, sorted[index - 1]));
}

const includesEqual = (items: readonly Value[], value: Value): boolean => items.some((item) => isEqual(item, value));

function setArguments(args: readonly Maybe[], name: string, code: number): Value[][] | null {
  return args.some(isNullish) ? null : args.map((arg) => requireArray(arg, name, code));
}

function range(args: readonly Maybe[], name: string): Maybe {
  const [start, end, step = 1] = args.map((arg) => requireInteger(arg, name, 34443));
  if (start === undefined || end === undefined) return null;
  if (step === 0) throw new CommandError(34449, '$range requires a non-zero step value');
  const result: Value[] = [];
  for (let value = start; step > 0 ? value < end : value > end; value += step) result.push(value);
  return result;
}

function sortArray(args: readonly Maybe[], name: string): Maybe {
  const [input, by] = args;
  if (isNullish(input)) return null;
  const items = [...requireArray(input, name, 2942504)];
  if (isNumeric(by)) return items.sort((a, b) => compare(a, b) * toDouble(by));
  if (!isDoc(by)) throw new CommandError(2942507, 'The $sortArray sortBy must be a number or an object');
  const pattern = parseSort(by);
  const keyed = items.map((item) => ({ item, key: sortTuple(isDoc(item) ? item : {}, pattern) }));
  return keyed.sort((a, b) => compareTuples(a.key, b.key, pattern.descending)).map(({ item }) => item);
}

/** Adds up the numeric values; other types are ignored. */
export function sumOf(values: readonly Maybe[]): Numeric {
  return values.reduce<Numeric>((sum, value) => (isNumeric(value) ? addNumbers(sum, value) : sum), 0);
}

/** Returns the mean of the numeric values, or null if there are none. */
function meanOf(values: readonly Maybe[]): Maybe {
  const numbers = values.filter(isNumeric);
  if (!numbers.length) return null;
  const sum = sumOf(numbers);
  return sum instanceof Decimal128
    ? applyToDecimals(divideDecimals, sum, numbers.length)
    : double(toDouble(sum) / numbers.length);
}

export const arrayOperators: Readonly<Record<string, SimpleOperator>> = {
  ...extremeOperators,
  $sum: { ...arityBetween(0, Infinity, sumOf), spread: true },
  $avg: { ...arityBetween(0, Infinity, meanOf), spread: true },
  $size: fixedArity(1, ([list]) => {
    if (!Array.isArray(list)) {
      throw new CommandError(17124, `The argument to $size must be an array, but was of type: ${typeName(list)}`);
    }
    return list.length;
  }),
  $isArray: fixedArity(1, ([value]) => Array.isArray(value)),
  $arrayElemAt: fixedArity(2, elementAt),
  $first: elementOperator(0),
  $last: elementOperator(-1),
  $slice: arityBetween(2, 3, slice),
  $concatArrays: arityBetween(0, Infinity, (args) => {
    if (args.some(isNullish)) return null;
    return args.flatMap((arg) => {
      if (!Array.isArray(arg))
        throw new CommandError(28664, `$concatArrays only supports arrays, not ${typeName(arg)}`);
      return arg;
    });
  }),
  $in: fixedArity(2, ([value, list]) => {
    if (!Array.isArray(list))
      throw new CommandError(40081, `$in requires an array as a second argument, found: ${typeName(list)}`);
    return list.some((item) => isEqual(item, value));
  }),
  $indexOfArray: arityBetween(2, 4, indexOf),
  $reverseArray: fixedArity(1, ([list], name) =>
    isNullish(list) ? null : [...requireArray(list, name, 34435)].reverse(),
  ),
  $range: arityBetween(2, 3, range),
  $sortArray: namedArguments(['input', 'sortBy'], sortArray),
  $setUnion: arityBetween(0, Infinity, (args, name) => {
    const arrays = setArguments(args, name, 17043);
    return arrays && unique(arrays.flat());
  }),
  $setIntersection: arityBetween(0, Infinity, (args, name) => {
    const arrays = setArguments(args, name, 17047);
    if (!arrays) return null;
    const [first = [], ...others] = arrays;
    return unique(first).filter((item) => others.every((other) => includesEqual(other, item)));
  }),
  $setDifference: fixedArity(2, (args, name) => {
    const arrays = setArguments(args, name, 17048);
    const [first = [], second = []] = arrays ?? [];
    return (
      arrays &&
      first.filter((item, index) => !includesEqual(second, item) && !includesEqual(first.slice(0, index), item))
    );
  }),
  $setEquals: arityBetween(2, Infinity, (args, name) => {
    const arrays = args.map((arg) => unique(requireArray(arg, name, 17044)));
    return arrays.every((other) => isEqual(other, arrays[0]));
  }),
  $setIsSubset: fixedArity(2, (args, name) => {
    const [first = [], second = []] = args.map((arg) => requireArray(arg, name, 17046));
    return first.every((item) => includesEqual(second, item));
  }),
  $anyElementTrue: fixedArity(1, ([list], name) => requireArray(list, name, 17041).some(isTruthy)),
  $allElementsTrue: fixedArity(1, ([list], name) => requireArray(list, name, 17040).every(isTruthy)),
};
