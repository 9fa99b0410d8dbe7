import { Decimal128 } from 'bson';
import { CommandError } from '../errors.js';
import { double, isDoc, isNum, typeName } from '../bson/value.js';
import type { Doc, Maybe, Num, Value } from '../bson/value.js';
import { toDouble, toWhole, withDecimals } from '../bson/numbers.js';
import { divideDecimals } from '../bson/decimal.js';
import { compare, equal } from '../order/compare.js';
import { sortTuple, compareTuples } from '../order/index-keys.js';
import { addNumbers } from './arithmetic.js';
import { EXTREMES } from './logic.js';
import { between, fixed, formFields, named, nullish, withVariables } from './operator.js';
import type { Form, Simple } from './operator.js';
import { readSort } from '../order/sort-pattern.js';

function arrayArgument(value: Maybe, name: string, code: number): Value[] {
  if (!Array.isArray(value))
    throw new CommandError(code, `${name}'s argument must be an array, but is ${typeName(value)}`);
  return value;
}

function integer(value: Maybe, name: string, code: number): number {
  const whole = isNum(value) ? toWhole(value) : null;
  if (whole === null) throw new CommandError(code, `${name} needs a whole number, but got ${typeName(value)}`);
  return Number(whole);
}

function elementAt(args: readonly Maybe[], name: string): Maybe {
  const [list, index] = args;
  if (nullish(list) || nullish(index)) return null;
  return arrayArgument(list, name, 28689).at(integer(index, name, 28690));
}

const edge = (position: 0 | -1): Simple =>
  fixed(1, ([list], name) => (nullish(list) ? null : arrayArgument(list, name, 28689).at(position)));

function slice(args: readonly Maybe[], name: string): Maybe {
  const [list, second, third] = args;
  if (nullish(list) || nullish(second) || (args.length === 3 && nullish(third))) return null;
  const items = arrayArgument(list, name, 28724);
  const first = integer(second, name, 28725);
  if (args.length === 2) return first >= 0 ? items.slice(0, first) : items.slice(first);
  const count = integer(third, name, 28727);
  if (count <= 0) throw new CommandError(28729, `Third argument to $slice must be positive: ${count}`);
  const start = first >= 0 ? first : Math.max(0, items.length + first);
  return items.slice(start, start + count);
}

function indexOf(args: readonly Maybe[], name: string): Maybe {
  const [list, wanted, from, to] = args;
  if (nullish(list)) return null;
  const items = arrayArgument(list, name, 40090);
  const start = from === undefined ? 0 : integer(from, name, 40096);
  const end = to === undefined ? items.length : Math.min(items.length, integer(to, name, 40096));
  for (let index = start; index < end; index++) if (equal(items[index], wanted)) return index;
  return -1;
}

function unique(items: readonly Value[]): Value[] {
  const sorted = [...items].sort(compare);
  return sorted.filter((item, index) => index === 0 || !equal(item, sorted[index - 1]));
}

const has = (items: readonly Value[], wanted: Value): boolean => items.some((item) => equal(item, wanted));

function sets(args: readonly Maybe[], name: string, code: number): Value[][] | null {
  return args.some(nullish) ? null : args.map((arg) => arrayArgument(arg, name, code));
}

function range(args: readonly Maybe[], name: string): Maybe {
  const [start, end, step = 1] = args.map((arg) => integer(arg, name, 34443));
  if (start === undefined || end === undefined) return null;
  if (step === 0) throw new CommandError(34449, '$range requires a non-zero step value');
  const result: Value[] = [];
  for (let value = start; step > 0 ? value < end : value > end; value += step) result.push(value);
  return result;
}

function sortArray(args: readonly Maybe[], name: string): Maybe {
  const [input, by] = args;
  if (nullish(input)) return null;
  const items = [...arrayArgument(input, name, 2942504)];
  if (isNum(by)) return items.sort((a, b) => compare(a, b) * toDouble(by));
  if (!isDoc(by)) throw new CommandError(2942507, 'The $sortArray sortBy must be a number or an object');
  const pattern = readSort(by);
  const keyed = items.map((item) => ({ item, key: sortTuple(isDoc(item) ? item : {}, pattern) }));
  return keyed.sort((a, b) => compareTuples(a.key, b.key, pattern.descending)).map(({ item }) => item);
}

/** The numeric values of the arguments added up; other types count nothing. */
export function total(values: readonly Maybe[]): Num {
  return values.reduce<Num>((sum, value) => (isNum(value) ? addNumbers(sum, value) : sum), 0);
}

/** The mean of the numeric values, or null if there are none. */
export function mean(values: readonly Maybe[]): Maybe {
  const numbers = values.filter(isNum);
  if (!numbers.length) return null;
  const sum = total(numbers);
  return sum instanceof Decimal128
    ? withDecimals(divideDecimals, sum, numbers.length)
    : double(toDouble(sum) / numbers.length);
}

export const ARRAYS: Readonly<Record<string, Simple>> = {
  ...EXTREMES,
  $sum: { ...between(0, Infinity, total), spread: true },
  $avg: { ...between(0, Infinity, mean), spread: true },
  $size: fixed(1, ([list]) => {
    if (!Array.isArray(list)) {
      throw new CommandError(17124, `The argument to $size must be an array, but was of type: ${typeName(list)}`);
    }
    return list.length;
  }),
  $isArray: fixed(1, ([value]) => Array.isArray(value)),
  $arrayElemAt: fixed(2, elementAt),
  $first: edge(0),
  $last: edge(-1),
  $slice: between(2, 3, slice),
  $concatArrays: between(0, Infinity, (args) => {
    if (args.some(nullish)) return null;
    return args.flatMap((arg) => {
      if (!Array.isArray(arg))
        throw new CommandError(28664, `$concatArrays only supports arrays, not ${typeName(arg)}`);
      return arg;
    });
  }),
  $in: fixed(2, ([wanted, list]) => {
    if (!Array.isArray(list))
      throw new CommandError(40081, `$in requires an array as a second argument, found: ${typeName(list)}`);
    return list.some((item) => equal(item, wanted));
  }),
  $indexOfArray: between(2, 4, indexOf),
  $reverseArray: fixed(1, ([list], name) => (nullish(list) ? null : [...arrayArgument(list, name, 34435)].reverse())),
  $range: between(2, 3, range),
  $sortArray: named(['input', 'sortBy'], sortArray),
  $setUnion: between(0, Infinity, (args, name) => {
    const given = sets(args, name, 17043);
    return given && unique(given.flat());
  }),
  $setIntersection: between(0, Infinity, (args, name) => {
    const given = sets(args, name, 17047);
    if (!given) return null;
    const [first = [], ...others] = given;
    return unique(first).filter((item) => others.every((other) => has(other, item)));
  }),
  $setDifference: fixed(2, (args, name) => {
    const given = sets(args, name, 17048);
    const [first = [], second = []] = given ?? [];
    return given && first.filter((item, index) => !has(second, item) && !has(first.slice(0, index), item));
  }),
  $setEquals: between(2, Infinity, (args, name) => {
    const given = args.map((arg) => unique(arrayArgument(arg, name, 17044)));
    return given.every((other) => equal(other, given[0]));
  }),
  $setIsSubset: fixed(2, (args, name) => {
    const [first = [], second = []] = args.map((arg) => arrayArgument(arg, name, 17046));
    return first.every((item) => has(second, item));
  }),
  $anyElementTrue: fixed(1, ([list], name) => arrayArgument(list, name, 17041).some(isTrue)),
  $allElementsTrue: fixed(1, ([list], name) => arrayArgument(list, name, 17040).every(isTrue)),
};

const isTrue = (value: Maybe): boolean => (isNum(value) ? toDouble(value) !== 0 : !nullish(value) && value !== false);

function variableName(fields: Doc): string {
  const name = fields['as'];
  return typeof name === 'string' ? name : 'this';
}

const filter: Form = (operand, scope, compile) => {
  const fields = formFields('$filter', operand, {
    required: ['input', 'cond'],
    optional: ['as', 'limit'],
    code: 28647,
  });
  const name = variableName(fields);
  const input = compile(fields['input'] ?? null, scope);
  const condition = compile(fields['cond'] ?? null, withVariables(scope, [name]));
  const limit = fields['limit'] === undefined ? null : compile(fields['limit'], scope);
  return (doc, variables) => {
    const list = input(doc, variables);
    if (nullish(list)) return null;
    if (!Array.isArray(list)) throw new CommandError(28651, `input to $filter must be an array not ${typeName(list)}`);
    const kept = list.filter((item) => isTrue(condition(doc, { ...variables, [name]: item })));
    const most = limit?.(doc, variables);
    return isNum(most) ? kept.slice(0, toDouble(most)) : kept;
  };
};

const map: Form = (operand, scope, compile) => {
  const fields = formFields('$map', operand, { required: ['input', 'in'], optional: ['as'], code: 16879 });
  const name = variableName(fields);
  const input = compile(fields['input'] ?? null, scope);
  const each = compile(fields['in'] ?? null, withVariables(scope, [name]));
  return (doc, variables) => {
    const list = input(doc, variables);
    if (nullish(list)) return null;
    if (!Array.isArray(list)) throw new CommandError(16883, `input to $map must be an array not ${typeName(list)}`);
    return list.map((item) => each(doc, { ...variables, [name]: item }) ?? null);
  };
};

const reduce: Form = (operand, scope, compile) => {
  const fields = formFields('$reduce', operand, { required: ['input', 'initialValue', 'in'], code: 40075 });
  const input = compile(fields['input'] ?? null, scope);
  const initial = compile(fields['initialValue'] ?? null, scope);
  const each = compile(fields['in'] ?? null, withVariables(scope, ['this', 'value']));
  return (doc, variables) => {
    const list = input(doc, variables);
    if (nullish(list)) return null;
    if (!Array.isArray(list))
      throw new CommandError(40080, `$reduce requires that 'input' be an array, found: ${typeName(list)}`);
    let value = initial(doc, variables);
    for (const item of list) value = each(doc, { ...variables, this: item, value });
    return value;
  };
};

export const ARRAY_FORMS: Readonly<Record<string, Form>> = { $filter: filter, $map: map, $reduce: reduce };
