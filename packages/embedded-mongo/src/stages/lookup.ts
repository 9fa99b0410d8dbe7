/** `$lookup` and `$unionWith`: documents of another collection (https://www.mongodb.com/docs/manual/reference/operator/aggregation/lookup/). */
import { BSONRegExp } from 'bson';
import { CommandError, unsupported } from '../errors.js';
import { isDoc, typeName } from '../bson/value.js';
import type { Doc, Value } from '../bson/value.js';
import { compileExpression, fieldValue } from '../expr/expression.js';
import type { Variables } from '../expr/expression.js';
import { pause } from '../plan/rows.js';
import type { TimeSlice, Paused } from '../plan/rows.js';
import { stageOf } from '../projection/transform.js';
import { gather, listed } from './stage.js';
import type { CompileStage, Context, Named } from './stage.js';
import { holding } from './memory.js';
import { withValue } from './unwind.js';

interface Lookup {
  readonly from: string;
  readonly as: readonly string[];
  /** The two paths of the equality form. */
  readonly local: readonly string[] | null;
  readonly foreign: string;
  readonly stages: readonly Named[];
  readonly variables: Doc;
}

const FIELDS = new Set(['from', 'as', 'localField', 'foreignField', 'let', 'pipeline']);

function text(operand: Doc, name: string): string | null {
  const value = operand[name];
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  throw new CommandError(9, `$lookup argument '${name}' must be a string, is type ${typeName(value)}`);
}

/** Reads the stages of a pipeline inside a stage. */
export function readStages(value: Value | undefined, owner: string): Named[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new CommandError(9, `the pipeline of ${owner} must be an array`);
  return value.map(stageOf);
}

function readLookup(operand: Value): Lookup {
  if (!isDoc(operand))
    throw new CommandError(9, `the $lookup specification must be an object, not ${typeName(operand)}`);
  const unknown = Object.keys(operand).find((name) => !FIELDS.has(name));
  if (unknown) throw new CommandError(9, `unknown argument to $lookup: ${unknown}`);
  const from = text(operand, 'from');
  const as = text(operand, 'as');
  const local = text(operand, 'localField');
  const foreign = text(operand, 'foreignField');
  if (from === null) throw unsupported(9, 'a $lookup without from');
  if (as === null || as === '') throw new CommandError(9, "must specify 'as' field for a $lookup");
  const bad = as.split('.').find((part) => part === '' || part.startsWith('$'));
  if (bad !== undefined)
    throw new CommandError(16410, `FieldPath field names may not start with '$' or be empty: ${as}`);
  const hasPipeline = operand['pipeline'] !== undefined;
  if ((local === null) !== (foreign === null) || (local === null && !hasPipeline)) {
    throw new CommandError(
      9,
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  }
  const variables = operand['let'] ?? {};
  if (!isDoc(variables)) throw new CommandError(9, "$lookup argument 'let' must be an object");
  return {
    from,
    as: as.split('.'),
    local: local?.split('.') ?? null,
    foreign: foreign ?? '',
    stages: readStages(operand['pipeline'], '$lookup'),
    variables,
  };
}

/** A missing local field is looked up as null; of an array each element is. */
function equalityOf(doc: Doc, local: readonly string[], foreign: string): Named {
  const value = fieldValue(doc, local) ?? null;
  const wanted = Array.isArray(value) ? value : [value];
  const plain = wanted.filter((item) => !(item instanceof BSONRegExp));
  const patterns = wanted.filter((item) => item instanceof BSONRegExp);
  const branches: Doc[] = patterns.map((item) => ({ [foreign]: { $eq: item } }));
  const among: Doc = { [foreign]: { $in: plain } };
  return ['$match', branches.length ? { $or: [among, ...branches] } : among];
}

/** Compiles the stage. */
export const compileLookup: CompileStage = (operand, context) => {
  const { from, as, local, foreign, stages, variables } = readLookup(operand);
  const given = Object.entries(variables).map(
    ([name, item]) => [name, compileExpression(item, context.scope)] as const,
  );
  const names: Variables = {
    ...context.scope.variables,
    ...Object.fromEntries(given.map(([name]) => [name, undefined])),
  };
  context.compile(stages, { ...context, scope: { variables: names } });
  const innerOf = (doc: Doc): Context => {
    const values = given.map(([name, evaluate]) => [name, evaluate(doc, context.scope.variables)] as const);
    return { ...context, scope: { variables: { ...context.scope.variables, ...Object.fromEntries(values) } } };
  };
  const isConstant = !local && !given.length;
  return function* (source) {
    let kept: Doc[] | null = null;
    for (const doc of source) {
      if (doc === pause || context.timeSlice.isOver()) yield pause;
      if (doc === pause) continue;
      const head = local ? [equalityOf(doc, local, foreign)] : [];
      const found: Doc[] =
        kept ?? (yield* gather(context.run(from, [...head, ...stages], innerOf(doc)), holding(4568, '$lookup')));
      if (isConstant) kept = found;
      yield withValue(doc, as, found);
    }
  };
};

/** Compiles `$unionWith`: the documents of the source, then those of another collection. */
export const compileUnionWith: CompileStage = (operand, context) => {
  const given: Doc = isDoc(operand) ? operand : { coll: operand };
  const unknown = Object.keys(given).find((name) => name !== 'coll' && name !== 'pipeline');
  if (unknown) throw new CommandError(40415, `BSON field '$unionWith.${unknown}' is an unknown field.`);
  const { coll } = given;
  if (typeof coll !== 'string') {
    if (isDoc(operand) && coll === undefined) throw unsupported(9, 'a $unionWith without coll');
    throw new CommandError(
      9,
      `the $unionWith stage specification must be an object or string, not ${typeName(operand)}`,
    );
  }
  const stages = readStages(given['pipeline'], '$unionWith');
  context.compile(stages, context);
  return function* (source) {
    yield* source;
    yield* context.run(coll, stages, context);
  };
};

const NOT_IN_FACET = new Set(['$facet', '$out', '$merge', '$geoNear', '$indexStats', '$collStats', '$changeStream']);

function readFacets(operand: Value, context: Context): [string, Named[]][] {
  const entries = isDoc(operand) ? Object.entries(operand) : [];
  if (!entries.length) throw new CommandError(40169, 'the $facet specification must be a non-empty object');
  return entries.map(([name, pipeline]) => {
    if (name === '' || name.startsWith('$') || name.includes('.')) {
      throw new CommandError(16410, `a facet cannot be named '${name}'`);
    }
    if (!Array.isArray(pipeline)) throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is not`);
    const stages = readStages(pipeline, '$facet');
    const refused = stages.find(([stage]) => NOT_IN_FACET.has(stage));
    if (refused) throw new CommandError(40600, `${refused[0]} is not allowed to be used within a $facet stage`);
    context.compile(stages, context);
    return [name, stages];
  });
}

/** Compiles `$facet`: one document with the results of several pipelines over the same documents. */
export const compileFacet: CompileStage = (operand, context) => {
  const facets = readFacets(operand, context);
  const run = (docs: readonly Doc[], stages: readonly Named[], timeSlice: TimeSlice): Paused<Doc> =>
    context.compile(stages, context)(listed(docs, timeSlice));
  return function* (source) {
    const hold = holding(4031700, '$facet');
    const docs = yield* gather(source, hold);
    const result: Doc = {};
    for (const [name, stages] of facets) result[name] = yield* gather(run(docs, stages, context.timeSlice), hold);
    yield result;
  };
};
