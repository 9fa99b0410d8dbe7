/** The accumulators of `$group`. */
import { double, isNumeric, type Maybe, type Numeric, type Value } from '../bson/value.js';
import { applyToDecimals, toDouble } from '../bson/numbers.js';
import { divideDecimals } from '../bson/decimal.js';
import { addNumbers } from '../expressions/arithmetic.js';
import { sumOf } from '../expressions/arrays.js';
import { extremeOf } from '../expressions/logic.js';
import { mergeObjects } from '../expressions/objects.js';
import { encodeKey } from '../order/encode-key.js';
import { encodedSize, type ReserveMemory } from './memory-limit.js';
import { Decimal128 } from 'bson';

/** Combines the values of one group. */
export interface Accumulator {
  add: (value: Maybe) => void;
  result: () => Maybe;
}

/** Merges each value into the result so far. */
function createMerging(merge: (merged: Maybe, value: Maybe) => Maybe, empty: Maybe): Accumulator {
  let merged = empty;
  return {
    add: (value) => {
      merged = merge(merged, value);
    },
    result: () => merged,
  };
}

function createAverage(): Accumulator {
  let sum: Numeric = 0;
  let count = 0;
  return {
    add: (value) => {
      if (!isNumeric(value)) return;
      sum = addNumbers(sum, value);
      count++;
    },
    result: () => {
      if (!count) return null;
      return sum instanceof Decimal128 ? applyToDecimals(divideDecimals, sum, count) : double(toDouble(sum) / count);
    },
  };
}

function createFirst(): Accumulator {
  let isSet = false;
  return createMerging((merged, value) => {
    if (isSet) return merged;
    isSet = true;
    return value ?? null;
  }, null);
}

function createPush(reserve: ReserveMemory): Accumulator {
  const values: Value[] = [];
  const add = (value: Maybe): void => {
    if (value === undefined) return;
    reserve(encodedSize(value));
    values.push(value);
  };
  return { add, result: () => values };
}

function createAddToSet(reserve: ReserveMemory): Accumulator {
  const values = new Map<string, Value>();
  const add = (value: Maybe): void => {
    if (value === undefined) return;
    const key = encodeKey(value).toString('latin1');
    if (values.has(key)) return;
    reserve(key.length);
    values.set(key, value);
  };
  return { add, result: () => [...values.values()] };
}

/** Creates an accumulator, which reserves memory for the values that it stores. */
export type CreateAccumulator = (reserve: ReserveMemory) => Accumulator;

export const accumulators: Readonly<Record<string, CreateAccumulator>> = {
  $sum: () => createMerging((merged, value) => sumOf([merged, value]), 0),
  $count: () => createMerging((merged) => sumOf([merged, 1]), 0),
  $avg: createAverage,
  $max: () => createMerging((merged, value) => extremeOf([merged, value], 1), null),
  $min: () => createMerging((merged, value) => extremeOf([merged, value], -1), null),
  $first: createFirst,
  $last: () => createMerging((_merged, value) => value ?? null, null),
  $push: createPush,
  $addToSet: createAddToSet,
  $mergeObjects: () => createMerging((merged, value) => mergeObjects([merged, value]), mergeObjects([])),
};
