/** The stages that run other pipelines: `$lookup`, `$unionWith` and `$facet` (https://www.mongodb.com/docs/manual/reference/operator/aggregation/lookup/). */
import { BSONRegExp } from 'bson';
import { CommandError, unsupported } from '../errors.js';
import { isDoc, type Doc, type Value, typeName } from '../bson/value.js';
import { compileExpression, fieldValue, type Variables } from '../expressions/expression.js';
import { pause, type Pausable, type TimeSlice } from '../plan/time-slice.js';
import { parseStage } from '../projection/transforms.js';
import { collectDocuments, fromDocuments, type CompileStage, type StageContext, type StageSpec } from './stage.js';
import { createMemoryLimit } from './memory-limit.js';
import { withPathValue } from './unwind.js';

interface LookupSpec {
  from: string;
  as: readonly string[];
  /** The path of the equality form in this collection, or null without one. */
  local: readonly string[] | null;
  /** The path of the equality form in the other collection. */
  foreign: string;
  stages: readonly StageSpec[];
  variables: Doc;
}

const lookupFields = new Set(['from', 'as', 'localField', 'foreignField', 'let', 'pipeline']);

function stringField(operand: Doc, name: string): string | null {
  const value = operand[name];
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  throw new CommandError(9, `$lookup argument '${name}' must be a string, is type ${typeName(value)}`);
}

/** Parses the stages of a pipeline inside a stage. */
export function parseStages(value: Value | undefined, owner: string): StageSpec[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new CommandError(9, `the pipeline of ${owner} must be an array`);
  return value.map(parseStage);
}

function parseLookup(operand: Value): LookupSpec {
  if (!isDoc(operand))
    throw new CommandError(9, `the $lookup specification must be an object, not ${typeName(operand)}`);
  const unknown = Object.keys(operand).find((name) => !lookupFields.has(name));
  if (unknown) throw new CommandError(9, `unknown argument to $lookup: ${unknown}`);
  const from = stringField(operand, 'from');
  const as = stringField(operand, 'as');
  const local = stringField(operand, 'localField');
  const foreign = stringField(operand, 'foreignField');
  if (from === null) throw unsupported(9, 'a $lookup without from');
  if (as === null || as === '') throw new CommandError(9, "must specify 'as' field for a $lookup");
  if (as.split('.').some((part) => part === '' || part.startsWith('$')))
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
    stages: parseStages(operand['pipeline'], '$lookup'),
    variables,
  };
}

/** Matches null for a missing local field, and each element of an array. */
function equalityMatch(doc: Doc, local: readonly string[], foreign: string): StageSpec {
  const value = fieldValue(doc, local) ?? null;
  const values = Array.isArray(value) ? value : [value];
  const plain = values.filter((item) => !(item instanceof BSONRegExp));
  const patterns = values.filter((item) => item instanceof BSONRegExp);
  const branches: Doc[] = patterns.map((item) => ({ [foreign]: { $eq: item } }));
  const inPlain: Doc = { [foreign]: { $in: plain } };
  return ['$match', branches.length ? { $or: [inPlain, ...branches] } : inPlain];
}

export const compileLookup: CompileStage = (operand, context) => {
  const { from, as, local, foreign, stages, variables } = parseLookup(operand);
  const bindings = Object.entries(variables).map(
    ([name, item]) => [name, compileExpression(item, context.scope)] as const,
  );
  const names: Variables = {
    ...context.scope.variables,
    ...Object.fromEntries(bindings.map(([name]) => [name, undefined])),
  };
  context.compile(stages, { ...context, scope: { variables: names } });
  const innerOf = (doc: Doc): StageContext => {
    const values = bindings.map(([name, evaluate]) => [name, evaluate(doc, context.scope.variables)] as const);
    return { ...context, scope: { variables: { ...context.scope.variables, ...Object.fromEntries(values) } } };
  };
  const isConstant = !local && !bindings.length;
  return function* (source) {
    let cached: Doc[] | null = null;
    for (const doc of source) {
      if (doc === pause || context.timeSlice.isOver()) yield pause;
      if (doc === pause) continue;
      const head = local ? [equalityMatch(doc, local, foreign)] : [];
      const joined: Doc[] =
        cached ??
        (yield* collectDocuments(
          context.run(from, [...head, ...stages], innerOf(doc)),
          createMemoryLimit(4568, '$lookup'),
        ));
      if (isConstant) cached = joined;
      yield withPathValue(doc, as, joined);
    }
  };
};

/** Compiles `$unionWith`, which appends the documents of another collection. */
export const compileUnionWith: CompileStage = (operand, context) => {
  const options: Doc = isDoc(operand) ? operand : { coll: operand };
  const unknown = Object.keys(options).find((name) => name !== 'coll' && name !== 'pipeline');
  if (unknown) throw new CommandError(40415, `BSON field '$unionWith.${unknown}' is an unknown field.`);
  const { coll } = options;
  if (typeof coll !== 'string') {
    if (isDoc(operand) && coll === undefined) throw unsupported(9, 'a $unionWith without coll');
    throw new CommandError(
      9,
      `the $unionWith stage specification must be an object or string, not ${typeName(operand)}`,
    );
  }
  const stages = parseStages(options['pipeline'], '$unionWith');
  context.compile(stages, context);
  return function* (source) {
    yield* source;
    yield* context.run(coll, stages, context);
  };
};

const forbiddenInFacet = new Set([
  '$facet',
  '$out',
  '$merge',
  '$geoNear',
  '$indexStats',
  '$collStats',
  '$changeStream',
]);

function parseFacets(operand: Value, context: StageContext): [string, StageSpec[]][] {
  const entries = isDoc(operand) ? Object.entries(operand) : [];
  if (!entries.length) throw new CommandError(40169, 'the $facet specification must be a non-empty object');
  return entries.map(([name, pipeline]) => {
    if (name === '' || name.startsWith('$') || name.includes('.')) {
      throw new CommandError(16410, `a facet cannot be named '${name}'`);
    }
    if (!Array.isArray(pipeline)) throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is not`);
    const stages = parseStages(pipeline, '$facet');
    const forbidden = stages.find(([stage]) => forbiddenInFacet.has(stage));
    if (forbidden) throw new CommandError(40600, `${forbidden[0]} is not allowed to be used within a $facet stage`);
    context.compile(stages, context);
    return [name, stages];
  });
}

/** Compiles `$facet`, which returns the results of several pipelines over the same documents in one document. */
export const compileFacet: CompileStage = (operand, context) => {
  const facets = parseFacets(operand, context);
  const run = (docs: readonly Doc[], stages: readonly StageSpec[], timeSlice: TimeSlice): Pausable<Doc> =>
    context.compile(stages, context)(fromDocuments(docs, timeSlice));
  return function* (source) {
    const reserve = createMemoryLimit(4031700, '$facet');
    const docs = yield* collectDocuments(source, reserve);
    const result: Doc = {};
    for (const [name, stages] of facets)
      result[name] = yield* collectDocuments(run(docs, stages, context.timeSlice), reserve);
    yield result;
  };
};
