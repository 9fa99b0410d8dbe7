/** Aggregation pipelines (https://www.mongodb.com/docs/manual/reference/operator/aggregation-pipeline/): stage after stage over documents. */
import { CommandError, unsupported } from '../errors.js';
import { encode } from '../bson/encode.js';
import { isDoc, isNum, setField, typeName } from '../bson/value.js';
import type { Doc, Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { sorted } from '../commands/select.js';
import type { Scope } from '../expr/expression.js';
import { compileQuery } from '../match/compile.js';
import { matchNode } from '../match/node.js';
import { sortTuple } from '../order/index-keys.js';
import { readSort } from '../order/sort-pattern.js';
import { PAUSE } from '../plan/rows.js';
import type { Pace, Paused } from '../plan/rows.js';
import { TRANSFORMS } from '../projection/transform.js';
import { compileGroup } from './group.js';
import { compileUnwind } from './unwind.js';

export type Stage = (source: Paused<Doc>) => Paused<Doc>;
type Compile = (operand: Value, scope: Scope, pace: Pace) => Stage;

/** A stage that looks at one document at a time; null drops it. */
function each(work: (doc: Doc) => Doc | null): Stage {
  return function* (source) {
    for (const doc of source) {
      const result = doc === PAUSE ? PAUSE : work(doc);
      if (result !== null) yield result;
    }
  };
}

/** A count of documents in a stage. Throws `code` for anything that is no whole number of at least `least`. */
export function wholeNumber(name: string, operand: Value, { least, code }: { least: number; code: number }): number {
  const value = isNum(operand) ? toDouble(operand) : NaN;
  if (!Number.isInteger(value) || value < least) {
    throw new CommandError(code, `invalid argument to ${name} stage: Expected a whole number of at least ${least}`);
  }
  return value;
}

function limitTo(limit: number): Stage {
  return function* (source) {
    let left = limit;
    for (const doc of source) {
      yield doc;
      if (doc !== PAUSE && --left === 0) return;
    }
  };
}

function skipping(count: number): Stage {
  let left = count;
  return each((doc) => (left-- > 0 ? null : doc));
}

function sorting(operand: Value): Stage {
  if (!isDoc(operand) || !Object.keys(operand).length) {
    throw new CommandError(
      isDoc(operand) ? 15976 : 15973,
      'the $sort key specification must be an object with a field',
    );
  }
  const pattern = readSort(operand);
  const keyed = each((doc) => doc);
  return function* (source) {
    const withKeys = function* (): Paused<{ doc: Doc; tuple: ReturnType<typeof sortTuple>; bytes: number }> {
      for (const doc of keyed(source)) {
        if (doc === PAUSE) yield PAUSE;
        else yield { doc, tuple: sortTuple(doc, pattern), bytes: encode(doc).length };
      }
    };
    for (const item of sorted(withKeys(), pattern, 0)) yield item === PAUSE ? PAUSE : item.doc;
  };
}

function counting(operand: Value): Stage {
  if (typeof operand !== 'string' || !operand || /^\$|\.|\0/.test(operand)) {
    throw new CommandError(40156, 'the count field must be a non-empty string without $ at its start, dots or NUL');
  }
  return function* (source) {
    let count = 0;
    for (const doc of source) {
      if (doc === PAUSE) yield PAUSE;
      else count++;
    }
    const result: Doc = {};
    setField(result, operand, count);
    if (count > 0) yield result;
  };
}

const STAGES: Readonly<Record<string, Compile>> = {
  $match: (operand, scope) => {
    if (!isDoc(operand)) throw new CommandError(15959, 'the match filter must be an expression in an object');
    const node = compileQuery(operand, scope);
    return each((doc) => (matchNode(node, doc) ? doc : null));
  },
  $group: compileGroup,
  $sort: sorting,
  $limit: (operand) => limitTo(wholeNumber('$limit', operand, { least: 1, code: 15958 })),
  $skip: (operand) => skipping(wholeNumber('$skip', operand, { least: 0, code: 15956 })),
  $count: counting,
  $unwind: compileUnwind,
  $sortByCount: (operand, scope, pace) => {
    const grouped = compileGroup({ _id: operand, count: { $sum: 1 } }, scope, pace);
    const ordered = sorting({ count: -1 });
    return (source) => ordered(grouped(source));
  },
};

/** Stages of MongoDB that this store leaves out, with the codes they are refused with. */
const LEFT_OUT: Readonly<Record<string, number>> = {
  $changeStream: 40573,
  $out: 40324,
  $merge: 40324,
  $geoNear: 40324,
};

/** Compiles one stage. Throws 40324 for one that does not exist here. */
export function compileStage([name, operand]: readonly [string, Value], scope: Scope, pace: Pace): Stage {
  const stage = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
  if (stage) return stage(operand, scope, pace);
  const transform = Object.hasOwn(TRANSFORMS, name) ? TRANSFORMS[name] : undefined;
  if (transform) return each(transform(operand, scope));
  if (!name.startsWith('$')) throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  throw unsupported(LEFT_OUT[name] ?? 40324, `the pipeline stage ${name} (${typeName(operand)})`);
}
