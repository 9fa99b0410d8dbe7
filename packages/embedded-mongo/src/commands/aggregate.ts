/** `aggregate` (https://www.mongodb.com/docs/manual/reference/command/aggregate/). Leading stages that an index can serve go to the planner. */
import { encode } from '../bson/encode.js';
import { type Doc, isDoc, type Value } from '../bson/value.js';
import { CommandError, unsupported } from '../errors.js';
import { compileQuery } from '../match/compile-query.js';
import { parseSort, type SortPattern } from '../order/sort-pattern.js';
import type { Row } from '../plan/rows.js';
import { type Pausable, pause } from '../plan/time-slice.js';
import { parseStage } from '../projection/transforms.js';
import { firstLastGroups } from '../stages/first-last-group.js';
import { compileStages, parseLimit, parseMatch, parseSkip, parseSortOperand } from '../stages/pipeline.js';
import type { StageContext, StageSpec } from '../stages/stage.js';
import { type Call, countField, docField, findTable, flagField, rejectCollation, type Task } from './call.js';
import { countDocumentOf, countKeys, countResult, isCountableByKeys } from './counting.js';
import { cursorReply, firstBatchSize } from './cursor-reply.js';
import { planOf, select } from './select.js';

/** The head of a pipeline, which the planner serves, and the stages after it. */
interface PipelineHead {
  filter: Doc;
  sort: SortPattern | null;
  skip: number;
  limit: number;
  rest: readonly StageSpec[];
}

interface Pipeline {
  collection: Value;
  stages: readonly StageSpec[];
  hint?: Value | undefined;
}

function headOf(stages: readonly StageSpec[]): PipelineHead {
  let position = 0;

  function takeIf(name: string): Value | undefined {
    const stage = stages[position];
    if (stage?.[0] !== name) return undefined;
    position++;
    return stage[1];
  }

  const filters: Doc[] = [];
  for (let filter = takeIf('$match'); filter !== undefined; filter = takeIf('$match')) filters.push(parseMatch(filter));
  const sort = takeIf('$sort');
  const skip = takeIf('$skip');
  const limit = takeIf('$limit');
  const [only] = filters;
  return {
    filter: filters.length > 1 ? { $and: filters } : (only ?? {}),
    sort: sort === undefined ? null : parseSort(parseSortOperand(sort)),
    skip: skip === undefined ? 0 : parseSkip(skip),
    limit: limit === undefined ? 0 : parseLimit(limit),
    rest: stages.slice(position),
  };
}

function* docsOf(rows: Pausable<Row>): Pausable<Doc> {
  for (const row of rows) yield row === pause ? pause : row.doc();
}

function* encodeDocs(docs: Pausable<Doc>): Pausable<Buffer> {
  for (const doc of docs) yield doc === pause ? pause : encode(doc);
}

function* noDocuments(): Pausable<Doc> {
  // The collection does not exist.
}

/** Runs a pipeline: by the planner as far as it reaches, then stage by stage. */
function runPipeline(call: Call, { collection, stages, hint }: Pipeline, context: StageContext): Pausable<Doc> {
  const { store, engine, timeSlice } = call;
  const { filter, sort, skip, limit, rest } = headOf(stages);
  const node = compileQuery(filter, context.scope);
  const table = findTable(call, collection);
  const [next, ...others] = rest;
  const runRest = compileStages(rest, context);
  if (!table) return runRest(noDocuments());
  if (sort && next?.[0] === '$group' && !skip && !limit) {
    const groups = firstLastGroups({ store, table, node, timeSlice, hint }, sort, next, context);
    if (groups) return compileStages(others, context)(groups);
  }
  const selection = { store, metrics: engine.metrics, timeSlice, table, node, sort, hint, skip, limit };
  const countDocument = sort || skip || limit ? null : countDocumentOf(next);
  const plan = planOf(selection);
  if (countDocument && isCountableByKeys(plan)) {
    return compileStages(others, context)(countResult(countKeys(store, plan), countDocument));
  }
  return runRest(docsOf(select(selection, plan)));
}

function checkOptions(body: Doc): void {
  rejectCollation(body);
  if (flagField(body, 'explain')) throw unsupported(59, 'explain');
  if (!isDoc(body['cursor'])) {
    throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  }
  if (!Array.isArray(body['pipeline'])) throw new CommandError(14, "'pipeline' option must be specified as an array");
}

export function* aggregate(call: Call): Task {
  const { body, scope, timeSlice } = call;
  const name = body['aggregate'];
  checkOptions(body);
  const stages = (Array.isArray(body['pipeline']) ? body['pipeline'] : []).map(parseStage);
  if (typeof name !== 'string' && stages[0]?.[0] !== '$changeStream') {
    throw unsupported(73, 'an aggregation without a collection');
  }
  const context: StageContext = {
    scope,
    timeSlice,
    run: (collection, inner, innerContext) => runPipeline(call, { collection, stages: inner }, innerContext),
    compile: compileStages,
  };
  if (typeof name !== 'string') compileStages(stages, context);
  const result = runPipeline(call, { collection: name ?? null, stages, hint: body['hint'] ?? undefined }, context);
  const cursor = docField(body, 'cursor');
  return yield* cursorReply(call, encodeDocs(result), {
    namespace: `${call.db}.${String(name)}`,
    size: firstBatchSize(cursor, 0),
    laterSize: countField(cursor, 'batchSize', 0),
  });
}
