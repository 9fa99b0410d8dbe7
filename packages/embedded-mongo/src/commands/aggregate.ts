/** `aggregate` (https://www.mongodb.com/docs/manual/reference/command/aggregate/). Leading stages that an index can serve go to the planner. */
import { CommandError, unsupported } from '../errors.js';
import { encode } from '../bson/encode.js';
import { isDoc } from '../bson/value.js';
import type { Doc, Value } from '../bson/value.js';
import { compileQuery } from '../match/compile-query.js';
import type { SortPattern } from '../order/sort-pattern.js';
import { parseSort } from '../order/sort-pattern.js';
import { pause } from '../plan/time-slice.js';
import type { Pausable } from '../plan/time-slice.js';
import type { Row } from '../plan/rows.js';
import { parseStage } from '../projection/transforms.js';
import { firstLastGroups } from '../stages/first-last-group.js';
import { compileStages, parseMatch, parseLimit, parseSkip, parseSortOperand } from '../stages/pipeline.js';
import type { StageContext, StageSpec } from '../stages/stage.js';
import { countField, docField, findTable, flagField, refuseCollation } from './call.js';
import type { Call, Task } from './call.js';
import { cursorReply, firstBatchSize } from './read.js';
import { counted, countingOf, countKeys, countsByKeys } from './counting.js';
import { planOf, select } from './select.js';

/** What the planner takes from the head of a pipeline. */
interface Head {
  readonly filter: Doc;
  readonly sort: SortPattern | null;
  readonly skip: number;
  readonly limit: number;
  readonly rest: readonly StageSpec[];
}

function headOf(stages: readonly StageSpec[]): Head {
  let taken = 0;
  const take = (name: string): Value | undefined => {
    const stage = stages[taken];
    if (stage?.[0] !== name) return undefined;
    taken++;
    return stage[1];
  };
  const filters: Doc[] = [];
  for (let filter = take('$match'); filter !== undefined; filter = take('$match')) filters.push(parseMatch(filter));
  const sort = take('$sort');
  const skip = take('$skip');
  const limit = take('$limit');
  const [only] = filters;
  return {
    filter: filters.length > 1 ? { $and: filters } : (only ?? {}),
    sort: sort === undefined ? null : parseSort(parseSortOperand(sort)),
    skip: skip === undefined ? 0 : parseSkip(skip),
    limit: limit === undefined ? 0 : parseLimit(limit),
    rest: stages.slice(taken),
  };
}

function* documents(rows: Pausable<Row>): Pausable<Doc> {
  for (const row of rows) yield row === pause ? pause : row.doc();
}

function* encoded(docs: Pausable<Doc>): Pausable<Buffer> {
  for (const doc of docs) yield doc === pause ? pause : encode(doc);
}

function* none(): Pausable<Doc> {
  // The collection does not exist.
}

interface Over {
  readonly collection: Value;
  readonly stages: readonly StageSpec[];
  readonly hint?: Value | undefined;
}

/** Runs stages over a collection: by the planner as far as it reaches, then one by one. */
function runOver(call: Call, { collection, stages, hint }: Over, context: StageContext): Pausable<Doc> {
  const { store, engine, timeSlice } = call;
  const { filter, sort, skip, limit, rest } = headOf(stages);
  const node = compileQuery(filter, context.scope);
  const table = findTable(call, collection);
  const [next, ...others] = rest;
  const after = compileStages(rest, context);
  if (!table) return after(none());
  if (sort && next?.[0] === '$group' && !skip && !limit) {
    const ends = firstLastGroups({ store, table, node, timeSlice, hint }, sort, next, context);
    if (ends) return compileStages(others, context)(ends);
  }
  const selection = { store, metrics: engine.metrics, timeSlice, table, node, sort, hint, skip, limit };
  const show = sort || skip || limit ? null : countingOf(next);
  const plan = planOf(selection);
  if (show && countsByKeys(plan)) return compileStages(others, context)(counted(countKeys(store, plan), show));
  return after(documents(select(selection, plan)));
}

function checkOptions(body: Doc): void {
  refuseCollation(body);
  if (flagField(body, 'explain')) throw unsupported(59, 'explain');
  if (!isDoc(body['cursor'])) {
    throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  }
  if (!Array.isArray(body['pipeline'])) throw new CommandError(14, "'pipeline' option must be specified as an array");
}

/** Runs a pipeline over a collection. */
export function* aggregate(call: Call): Task {
  const { body, scope, timeSlice } = call;
  const name = body['aggregate'];
  checkOptions(body);
  const pipeline = Array.isArray(body['pipeline']) ? body['pipeline'] : [];
  const stages = pipeline.map(parseStage);
  if (typeof name !== 'string' && stages[0]?.[0] !== '$changeStream') {
    throw unsupported(73, 'an aggregation that belongs to no collection');
  }
  const context: StageContext = {
    scope,
    timeSlice,
    run: (collection, inner, within) => runOver(call, { collection, stages: inner }, within),
    compile: compileStages,
  };
  if (typeof name !== 'string') compileStages(stages, context);
  const result = runOver(call, { collection: name ?? null, stages, hint: body['hint'] ?? undefined }, context);
  const cursor = docField(body, 'cursor');
  return yield* cursorReply(call, encoded(result), {
    namespace: `${call.db}.${String(name)}`,
    size: firstBatchSize(cursor, 0),
    single: false,
    noTimeout: false,
    later: countField(cursor, 'batchSize', 0),
  });
}
