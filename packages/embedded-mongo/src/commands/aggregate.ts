/** `aggregate` (https://www.mongodb.com/docs/manual/reference/command/aggregate/). Leading stages that an index can serve go to the planner. */
import { CommandError } from '../errors.js';
import { encode } from '../bson/encode.js';
import { isDoc } from '../bson/value.js';
import type { Doc, Value } from '../bson/value.js';
import { compileQuery } from '../match/compile.js';
import { PAUSE } from '../plan/rows.js';
import type { Paused, Row } from '../plan/rows.js';
import { stageOf } from '../projection/transform.js';
import { compileStage, wholeNumber } from '../stages/pipeline.js';
import { countField, docField, docsField, findTable, refuseCollation } from './call.js';
import type { Call, Work } from './call.js';
import { cursorReply, firstBatchSize } from './read.js';
import { select, sortOf } from './select.js';

type Named = readonly [string, Value];

/** What the planner takes from the head of a pipeline: a filter, a sort, and how much of it. */
interface Head {
  filter: Doc;
  sort: Doc;
  limit: number;
  taken: number;
}

function headOf(stages: readonly Named[]): Head {
  const head: Head = { filter: {}, sort: {}, limit: 0, taken: 0 };
  const operandOf = (name: string): Value | undefined => {
    const stage = stages[head.taken];
    if (stage?.[0] !== name) return undefined;
    head.taken++;
    return stage[1];
  };
  const filter = operandOf('$match');
  if (filter !== undefined && !isDoc(filter)) {
    throw new CommandError(15959, 'the match filter must be an expression in an object');
  }
  if (filter) head.filter = filter;
  const next = stages[head.taken];
  if (next?.[0] === '$sort' && isDoc(next[1]) && Object.keys(next[1]).length) head.sort = operandOf('$sort') as Doc;
  const limit = operandOf('$limit');
  if (limit !== undefined) head.limit = wholeNumber('$limit', limit, { least: 1, code: 15958 });
  return head;
}

function* documents(rows: Paused<Row>): Paused<Doc> {
  for (const row of rows) yield row === PAUSE ? PAUSE : row.doc();
}

function* encoded(docs: Paused<Doc>): Paused<Buffer> {
  for (const doc of docs) yield doc === PAUSE ? PAUSE : encode(doc);
}

function* none(): Paused<Row> {
  // The collection does not exist.
}

/** Runs a pipeline over a collection. */
export function* aggregate(call: Call): Work {
  const { body, scope, pace, store } = call;
  refuseCollation(body);
  if (body['explain'] === true) throw new CommandError(59, 'explain is not supported; set MONGODB_URI to use it');
  const table = findTable(call, body['aggregate']);
  const stages = docsField(body, 'pipeline').map(stageOf);
  const head = headOf(stages);
  const node = compileQuery(head.filter, scope);
  const rest = stages.slice(head.taken).map((stage) => compileStage(stage, scope, pace));
  const rows = table
    ? select({
        store,
        metrics: call.engine.metrics,
        pace,
        table,
        node,
        sort: sortOf(head.sort),
        hint: body['hint'] ?? undefined,
        limit: head.limit,
      })
    : none();
  const result = rest.reduce<Paused<Doc>>((source, stage) => stage(source), documents(rows));
  const cursor = docField(body, 'cursor');
  return yield* cursorReply(call, encoded(result), {
    namespace: `${call.db}.${String(body['aggregate'])}`,
    size: firstBatchSize(cursor, 0),
    single: false,
    noTimeout: false,
    later: countField(cursor, 'batchSize', 0),
  });
}
