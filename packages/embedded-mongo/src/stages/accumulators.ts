/** Accumulators of `$group`: what is kept of the values of a group. */
import { double, isNum } from '../bson/value.js';
import type { Maybe, Num, Value } from '../bson/value.js';
import { toDouble, withDecimals } from '../bson/numbers.js';
import { divideDecimals } from '../bson/decimal.js';
import { addNumbers } from '../expr/arithmetic.js';
import { total } from '../expr/arrays.js';
import { extreme } from '../expr/logic.js';
import { mergeObjects } from '../expr/objects.js';
import { encodeKey } from '../order/encode-key.js';
import { sizeOf } from './memory.js';
import type { Hold } from './memory.js';
import { Decimal128 } from 'bson';

/** What an accumulator has gathered: `add` takes the next value, `result` gives what comes of all. */
export interface Gathering {
  readonly add: (value: Maybe) => void;
  readonly result: () => Maybe;
}

/** Keeps only what is needed of all values, by merging the next into what there is. */
function folding(merge: (held: Maybe, value: Maybe) => Maybe, empty: Maybe): Gathering {
  let held = empty;
  return {
    add: (value) => {
      held = merge(held, value);
    },
    result: () => held,
  };
}

function averaging(): Gathering {
  let sum: Num = 0;
  let count = 0;
  return {
    add: (value) => {
      if (!isNum(value)) return;
      sum = addNumbers(sum, value);
      count++;
    },
    result: () => {
      if (!count) return null;
      return sum instanceof Decimal128 ? withDecimals(divideDecimals, sum, count) : double(toDouble(sum) / count);
    },
  };
}

function first(): Gathering {
  let isSet = false;
  return folding((held, value) => {
    if (isSet) return held;
    isSet = true;
    return value ?? null;
  }, null);
}

function pushing(hold: Hold): Gathering {
  const values: Value[] = [];
  const add = (value: Maybe): void => {
    if (value === undefined) return;
    hold(sizeOf(value));
    values.push(value);
  };
  return { add, result: () => values };
}

function collecting(hold: Hold): Gathering {
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
export type Start = (hold: Hold) => Gathering;

export const ACCUMULATORS: Readonly<Record<string, Start>> = {
  $sum: () => folding((held, value) => total([held, value]), 0),
  $count: () => folding((held) => total([held, 1]), 0),
  $avg: averaging,
  $max: () => folding((held, value) => extreme([held, value], 1), null),
  $min: () => folding((held, value) => extreme([held, value], -1), null),
  $first: first,
  $last: () => folding((_held, value) => value ?? null, null),
  $push: pushing,
  $addToSet: collecting,
  $mergeObjects: () => folding((held, value) => mergeObjects([held, value]), mergeObjects([])),
};
