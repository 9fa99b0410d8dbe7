/** Compiles aggregation pipelines (https://www.mongodb.com/docs/manual/reference/operator/aggregation-pipeline/). */
import { CommandError, unsupported } from '../errors.js';
import { encode } from '../bson/encode.js';
import { isDoc, isNumeric, setField, type Doc, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { sorted } from '../commands/select.js';
import { compileQuery } from '../match/compile-query.js';
import { matchesQuery } from '../match/query-node.js';
import { parseSort, sortTuple } from '../order/sort-pattern.js';
import { pause, type Pausable } from '../plan/time-slice.js';
import { transforms } from '../projection/transforms.js';
import { compileGroup } from './group.js';
import { compileFacet, compileLookup, compileUnionWith } from './lookup.js';
import { mapDocuments, type CompileStage, type Stage, type StageContext, type StageSpec } from './stage.js';
import { compileUnwind } from './unwind.js';

/** Parses a count of documents. Throws `code` unless it is an integer of at least `min`; 15958 for an invalid 0. */
export function parseCount(name: string, operand: Value, { min, code }: { min: number; code: number }): number {
  const value = isNumeric(operand) ? toDouble(operand) : NaN;
  if (!Number.isInteger(value) || value < min) {
    throw new CommandError(
      value === 0 ? 15958 : code,
      `invalid argument to ${name} stage: Expected an integer of at least ${min}`,
    );
  }
  return value;
}

export const parseLimit = (operand: Value): number => parseCount('$limit', operand, { min: 1, code: 5107201 });
export const parseSkip = (operand: Value): number => parseCount('$skip', operand, { min: 0, code: 5107200 });

/** Throws 15959 unless the operand of a `$match` is a document. */
export function parseMatch(operand: Value): Doc {
  if (!isDoc(operand)) throw new CommandError(15959, 'the match filter must be an expression in an object');
  return operand;
}

function limitStage(limit: number): Stage {
  return function* (source) {
    let left = limit;
    for (const doc of source) {
      yield doc;
      if (doc !== pause && --left === 0) return;
    }
  };
}

function skipStage(count: number): Stage {
  return (source) => {
    let left = count;
    return mapDocuments((doc) => (left-- > 0 ? null : doc))(source);
  };
}

/** Throws 15973 unless the operand of a `$sort` is a document, and 15976 if it is empty. */
export function parseSortOperand(operand: Value): Doc {
  if (!isDoc(operand)) throw new CommandError(15973, 'the $sort key specification must be an object');
  if (!Object.keys(operand).length) throw new CommandError(15976, '$sort stage must have at least one sort key');
  return operand;
}

/** Sorts all documents, and returns only the first `limit` of them unless it is 0. */
function sortStage(operand: Value, limit: number): Stage {
  const pattern = parseSort(parseSortOperand(operand));
  return function* (source) {
    const withKeys = function* (): Pausable<{ doc: Doc; tuple: ReturnType<typeof sortTuple>; bytes: number }> {
      for (const doc of source) {
        if (doc === pause) yield pause;
        else yield { doc, tuple: sortTuple(doc, pattern), bytes: encode(doc).length };
      }
    };
    for (const item of sorted(withKeys(), pattern, limit)) yield item === pause ? pause : item.doc;
  };
}

function countStage(operand: Value): Stage {
  if (typeof operand !== 'string' || operand === '') {
    throw new CommandError(operand === '' ? 40157 : 40156, 'the count field must be a non-empty string');
  }
  if (operand.startsWith('$')) throw new CommandError(40158, 'the count field cannot be a $-prefixed path');
  if (operand.includes('.')) throw new CommandError(40160, "the count field cannot contain '.'");
  return function* (source) {
    let count = 0;
    for (const doc of source) {
      if (doc === pause) yield pause;
      else count++;
    }
    const result: Doc = {};
    setField(result, operand, count);
    if (count > 0) yield result;
  };
}

const stageCompilers: Readonly<Record<string, CompileStage>> = {
  $match: (operand, { scope }) => {
    const node = compileQuery(parseMatch(operand), scope);
    return mapDocuments((doc) => (matchesQuery(node, doc) ? doc : null));
  },
  $group: compileGroup,
  $sort: (operand) => sortStage(operand, 0),
  $limit: (operand) => limitStage(parseLimit(operand)),
  $skip: (operand) => skipStage(parseSkip(operand)),
  $count: countStage,
  $unwind: compileUnwind,
  $lookup: compileLookup,
  $unionWith: compileUnionWith,
  $facet: compileFacet,
  $sortByCount: (operand, context) => {
    if (!isFieldOrExpression(operand)) {
      throw new CommandError(40147, 'the sortByCount field must be a path with $ or an expression in an object');
    }
    const grouped = compileGroup({ _id: operand, count: { $sum: 1 } }, context);
    const ordered = sortStage({ count: -1 }, 0);
    return (source) => ordered(grouped(source));
  },
};

function isFieldOrExpression(operand: Value): boolean {
  if (typeof operand === 'string') return operand.startsWith('$');
  return isDoc(operand) && (Object.keys(operand)[0] ?? '').startsWith('$');
}

/** Compiles one stage. Throws 40324 for an unknown stage, and 40573 for a change stream. */
function compileStage([name, operand]: StageSpec, context: StageContext): Stage {
  const compile = Object.hasOwn(stageCompilers, name) ? stageCompilers[name] : undefined;
  if (compile) return compile(operand, context);
  const transform = Object.hasOwn(transforms, name) ? transforms[name] : undefined;
  if (transform) return mapDocuments(transform(operand, context.scope));
  if (name === '$changeStream') throw unsupported(40573, 'a change stream');
  throw new CommandError(
    40324,
    `Unrecognized pipeline stage name: '${name}'; if MongoDB has it, set MONGODB_URI to use it`,
  );
}

/** Compiles a pipeline. A sort that a limit follows keeps no more documents than the limit. */
export function compileStages(stages: readonly StageSpec[], context: StageContext): Stage {
  const compiled = stages.map((stage, at) => {
    const next = stages[at + 1];
    const limited = stage[0] === '$sort' && next?.[0] === '$limit';
    return limited ? sortStage(stage[1], parseLimit(next[1])) : compileStage(stage, context);
  });
  return (source) => compiled.reduce((docs, stage) => stage(docs), source);
}
