/** Accumulators of `$group`: what is kept of the values of a group. */
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

/** What an accumulator has gathered: `add` takes the next value, `result` gives what comes of all. */
export interface Accumulator {
  add: (value: Maybe) => void;
  result: () => Maybe;
}

/** Keeps only what is needed of all values, by merging the next into what there is. */
function createMerging(merge: (held: Maybe, value: Maybe) => Maybe, empty: Maybe): Accumulator {
  let held = empty;
  return {
    add: (value) => {
      held = merge(held, value);
    },
    result: () => held,
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
  return createMerging((held, value) => {
    if (isSet) return held;
    isSet = true;
    return value ?? null;
  }, null);
}

function createPush(hold: ReserveMemory): Accumulator {
  const values: Value[] = [];
  const add = (value: Maybe): void => {
    if (value === undefined) return;
    hold(encodedSize(value));
    values.push(value);
  };
  return { add, result: () => values };
}

function createAddToSet(hold: ReserveMemory): Accumulator {
  const values = new Map<string, Value>();
  const add = (value: Maybe): void => {
    if (value === undefined) return;
    const key = encodeKey(value).toString('latin1');
    if (values.has(key)) return;
    hold(key.length);
    values.set(key, value);
  };
  return { add, result: () => [...values.values()] };
}

/** Begins to gather; `hold` counts what is kept of many values. */
export type CreateAccumulator = (hold: ReserveMemory) => Accumulator;

export const accumulators: Readonly<Record<string, CreateAccumulator>> = {
  $sum: () => createMerging((held, value) => sumOf([held, value]), 0),
  $count: () => createMerging((held) => sumOf([held, 1]), 0),
  $avg: createAverage,
  $max: () => createMerging((held, value) => extremeOf([held, value], 1), null),
  $min: () => createMerging((held, value) => extremeOf([held, value], -1), null),
  $first: createFirst,
  $last: () => createMerging((_held, value) => value ?? null, null),
  $push: createPush,
  $addToSet: createAddToSet,
  $mergeObjects: () => createMerging((held, value) => mergeObjects([held, value]), mergeObjects([])),
};
