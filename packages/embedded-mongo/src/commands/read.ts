/** find, getMore, killCursors, count, distinct. */
import { CommandError } from '../errors.js';
import { encode } from '../bson/encode.js';
import { isNumeric, typeName } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import { walkPath } from '../match/path.js';
import { encodeKey } from '../order/encode-key.js';
import { pause } from '../plan/time-slice.js';
import type { Pausable } from '../plan/time-slice.js';
import type { Row } from '../plan/rows.js';
import { compileProjection } from '../projection/projection.js';
import type { Scope } from '../expressions/expression.js';
import type { Table } from '../store/table.js';
import { matchPosition } from '../update/compile-update.js';
import { countField, docField, findTable, flagField, refuseCollation, stringField } from './call.js';
import type { Call, Reply, Task } from './call.js';
import { takeBatch } from './cursors.js';
import type { Cursor } from './cursors.js';
import { countKeys, countsByKeys } from './counting.js';
import { planOf, select, sortOf } from './select.js';

const FIRST_BATCH = 101;

/** Encodes each row of a find, projected if need be. */
function* results(rows: Pausable<Row>, project: ((doc: Doc) => Doc) | null): Pausable<Buffer> {
  for (const row of rows) {
    if (row === pause) yield pause;
    else yield project ? encode(project(row.doc())) : row.raw;
  }
}

/** The projection of a find, or null if it asks for whole documents. */
export function findProjection(projection: Doc, node: QueryNode, scope: Scope): ((doc: Doc) => Doc) | null {
  if (!Object.keys(projection).length) return null;
  return compileProjection(projection, { scope, position: (doc) => matchPosition(node, doc) ?? -1 });
}

export interface FirstBatch {
  readonly namespace: string;
  readonly size: number;
  readonly single: boolean;
  readonly noTimeout: boolean;
  /** Batch size of later batches, 0 for as much as fits. */
  readonly later: number;
}

/** Answers with the first batch of a source, and keeps the rest as a cursor. */
export function* cursorReply(call: Call, source: Pausable<Buffer>, options: FirstBatch): Task {
  const from: Pick<Cursor, 'source' | 'held' | 'timeSlice'> = { source, held: null, timeSlice: call.timeSlice };
  const { docs, done } = options.size < 0 ? { docs: [], done: false } : yield* takeBatch(from, options.size);
  const keep = !done && !options.single;
  const id = keep
    ? call.engine.cursors.open({
        ...from,
        namespace: options.namespace,
        batchSize: options.later,
        noTimeout: options.noTimeout,
      }).id
    : 0n;
  return { cursor: { firstBatch: docs, id, ns: options.namespace }, ok: 1 };
}

function* nothing(): Pausable<Buffer> {
  // No rows: the collection does not exist.
}

/** How many documents the first batch has; -1 when the client asks for none. */
export function firstBatchSize(body: Doc, limit: number): number {
  const asked = body['batchSize'];
  const size = asked === undefined || asked === null ? FIRST_BATCH : countField(body, 'batchSize', FIRST_BATCH);
  if (size === 0) return -1;
  return limit && flagField(body, 'singleBatch') ? limit : size;
}

const REFUSED = ['tailable', 'awaitData', 'oplogReplay'];

/** `find` (https://www.mongodb.com/docs/manual/reference/command/find/). */
export function* find(call: Call): Task {
  const { body, scope } = call;
  refuseCollation(body);
  const refused = REFUSED.find((name) => flagField(body, name));
  if (refused)
    throw new CommandError(2, `error processing query: ${refused} cursor requested on a collection that is not capped`);
  const table = findTable(call, body['find']);
  const node = compileQuery(docField(body, 'filter'), scope);
  const project = findProjection(docField(body, 'projection'), node, scope);
  const limit = countField(body, 'limit', 0);
  const source = table ? results(select({ ...selectionOf(call, table, node), limit }), project) : nothing();
  return yield* cursorReply(call, source, {
    namespace: `${call.db}.${String(body['find'])}`,
    size: firstBatchSize(body, limit),
    single: flagField(body, 'singleBatch'),
    noTimeout: flagField(body, 'noCursorTimeout'),
    later: countField(body, 'batchSize', 0),
  });
}

function selectionOf(call: Call, table: Table, node: QueryNode): Parameters<typeof select>[0] {
  const { body, store, timeSlice } = call;
  return {
    store,
    metrics: call.engine.metrics,
    timeSlice,
    table,
    node,
    sort: sortOf(docField(body, 'sort')),
    hint: body['hint'] ?? undefined,
    skip: countField(body, 'skip', 0),
  };
}

function cursorId(value: Maybe): bigint {
  if (!isNumeric(value))
    throw new CommandError(14, `BSON field 'getMore' is the wrong type '${typeName(value)}', expected type 'long'`);
  return typeof value === 'bigint' ? value : BigInt(Math.trunc(toDouble(value)));
}

/** `getMore`. Throws 43 for a cursor that is not open. */
export function* getMore(call: Call): Task {
  const { body, engine } = call;
  const namespace = `${call.db}.${stringField(body, 'collection')}`;
  const cursor = engine.cursors.get(cursorId(body['getMore']), namespace);
  cursor.busy = true;
  cursor.timeSlice.restart();
  let finished = true;
  try {
    const { docs, done } = yield* takeBatch(cursor, countField(body, 'batchSize', 0) || cursor.batchSize);
    finished = done;
    cursor.usedAt = Date.now();
    return { cursor: { nextBatch: docs, id: done ? 0n : cursor.id, ns: namespace }, ok: 1 };
  } finally {
    cursor.busy = false;
    if (finished) engine.cursors.close(cursor.id);
  }
}

/** `killCursors`. */
export function killCursors(call: Call): Reply {
  const ids = call.body['cursors'];
  if (!Array.isArray(ids)) throw new CommandError(14, `BSON field 'cursors' must be an array`);
  const killed: bigint[] = [];
  const notFound: bigint[] = [];
  for (const id of ids.map(cursorId)) (call.engine.cursors.close(id) ? killed : notFound).push(id);
  return { cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
}

/** `count`: without a query from the stored number. */
export function* count(call: Call): Task {
  const { body } = call;
  refuseCollation(body);
  const table = findTable(call, body['count']);
  const query = docField(body, 'query');
  const skip = countField(body, 'skip', 0);
  const limit = Math.abs(isNumeric(body['limit']) ? toDouble(body['limit']) : 0);
  if (!table) return { n: 0, ok: 1 };
  const node = compileQuery(query, call.scope);
  if (!Object.keys(query).length) {
    const rest = Math.max(0, table.count - skip);
    return { n: limit ? Math.min(limit, rest) : rest, ok: 1 };
  }
  const selection = { ...selectionOf(call, table, node), sort: null, limit };
  const plan = planOf(selection);
  if (!selection.skip && !limit && countsByKeys(plan)) return { n: yield* countKeys(call.store, plan), ok: 1 };
  let n = 0;
  for (const row of select(selection, plan)) {
    if (row === pause) yield pause;
    else n++;
  }
  return { n, ok: 1 };
}

/** `distinct`: the values at a path, those of arrays one by one. */
export function* distinct(call: Call): Task {
  const { body } = call;
  refuseCollation(body);
  const table = findTable(call, body['distinct']);
  const parts = stringField(body, 'key').split('.');
  const node = compileQuery(docField(body, 'query'), call.scope);
  const values = new Map<string, Value>();
  if (!table) return { values: [], ok: 1 };
  const add = (value: Maybe): void => {
    if (value !== undefined) values.set(encodeKey(value).toString('latin1'), value);
  };
  for (const row of select({ ...selectionOf(call, table, node), sort: null })) {
    if (row === pause) yield pause;
    else walkPath(row.doc(), parts, false, (value) => (Array.isArray(value) ? value.forEach(add) : add(value), false));
  }
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  return { values: sorted, ok: 1 };
}
