/** `$group` (https://www.mongodb.com/docs/manual/reference/operator/aggregation/group/): one document for each value of `_id`. */
import { CommandError, unsupported } from '../errors.js';
import { isDoc, setField } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { mean, total } from '../expr/arrays.js';
import { compileExpression } from '../expr/expression.js';
import type { Evaluate, Scope } from '../expr/expression.js';
import { extreme } from '../expr/logic.js';
import { encodeKey } from '../order/encode-key.js';
import { PAUSE } from '../plan/rows.js';
import type { Pace, Paused } from '../plan/rows.js';

/** What an accumulator has gathered: `add` takes the next value, `result` gives what comes of all. */
interface Gathering {
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
  const values: Maybe[] = [];
  return { add: (value) => values.push(value), result: () => mean(values) };
}

function first(): Gathering {
  let isSet = false;
  return folding((held, value) => {
    if (isSet) return held;
    isSet = true;
    return value ?? null;
  }, null);
}

function pushing(): Gathering {
  const values: Value[] = [];
  return { add: (value) => value !== undefined && values.push(value), result: () => values };
}

function collecting(): Gathering {
  const values = new Map<string, Value>();
  return {
    add: (value) => value !== undefined && values.set(encodeKey(value).toString('latin1'), value),
    result: () => [...values.values()],
  };
}

const ACCUMULATORS: Readonly<Record<string, () => Gathering>> = {
  $sum: () => folding((held, value) => total([held, value]), 0),
  $count: () => folding((held) => total([held, 1]), 0),
  $avg: averaging,
  $max: () => folding((held, value) => extreme([held, value], 1), null),
  $min: () => folding((held, value) => extreme([held, value], -1), null),
  $first: first,
  $last: () => folding((_held, value) => value ?? null, null),
  $push: pushing,
  $addToSet: collecting,
};

interface Field {
  readonly name: string;
  readonly start: () => Gathering;
  readonly evaluate: Evaluate;
}

function compileField(name: string, operand: Value, scope: Scope): Field {
  const entries = isDoc(operand) ? Object.entries(operand) : [];
  const [only] = entries;
  if (!only || entries.length > 1) throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  const start = Object.hasOwn(ACCUMULATORS, only[0]) ? ACCUMULATORS[only[0]] : undefined;
  if (!start) throw unsupported(15952, `the group operator ${only[0]}`);
  return { name, start, evaluate: compileExpression(only[1], scope) };
}

interface Group {
  readonly id: Value;
  readonly gatherings: readonly Gathering[];
}

function documentOf({ id, gatherings }: Group, fields: readonly Field[]): Doc {
  const doc: Doc = { _id: id };
  fields.forEach(({ name }, at) => {
    const value = gatherings[at]?.result();
    if (value !== undefined) setField(doc, name, value);
  });
  return doc;
}

/** Compiles the stage. Throws 15947, 15955, 40234 and 15952 as MongoDB does. */
export function compileGroup(operand: Value, scope: Scope, pace: Pace): (source: Paused<Doc>) => Paused<Doc> {
  if (!isDoc(operand)) throw new CommandError(15947, "a group's fields must be specified in an object");
  const { _id: id, ...rest } = operand;
  if (id === undefined) throw new CommandError(15955, 'a group specification must include an _id');
  const idOf = compileExpression(id, scope);
  const fields = Object.entries(rest).map(([name, item]) => compileField(name, item, scope));
  return function* (source) {
    const groups = new Map<string, Group>();
    for (const doc of source) {
      if (doc === PAUSE || pace.due()) yield PAUSE;
      if (doc === PAUSE) continue;
      const value = idOf(doc, scope.variables) ?? null;
      const key = encodeKey(value).toString('latin1');
      const group = groups.get(key) ?? { id: value, gatherings: fields.map(({ start }) => start()) };
      groups.set(key, group);
      fields.forEach(({ evaluate }, at) => group.gatherings[at]?.add(evaluate(doc, scope.variables)));
    }
    for (const group of groups.values()) yield documentOf(group, fields);
  };
}
