/** `find`, `getMore`, `killCursors`, `count` and `distinct`. */
import { encode } from '../bson/encode.js';
import { toDouble } from '../bson/numbers.js';
import { type Doc, isNumeric, type Maybe, typeName, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import type { Scope } from '../expressions/expression.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import { walkPath } from '../match/path.js';
import { encodeKey } from '../order/encode-key.js';
import type { Row } from '../plan/rows.js';
import { type Pausable, pause } from '../plan/time-slice.js';
import { compileProjection } from '../projection/projection.js';
import type { Table } from '../store/table.js';
import { matchPosition } from '../update/compile-update.js';
import {
  type Call,
  countField,
  docField,
  findTable,
  flagField,
  rejectCollation,
  type Reply,
  stringField,
  type Task,
} from './call.js';
import { countKeys, isCountableByKeys } from './counting.js';
import { cursorReply, firstBatchSize } from './cursor-reply.js';
import { readBatch } from './cursors.js';
import { planOf, select, type Selection, sortOf } from './select.js';

const unsupportedFlags = ['tailable', 'awaitData', 'oplogReplay'];

/** Encodes the rows of a find, projected if there is a projection. */
function* encodeRows(rows: Pausable<Row>, project: ((doc: Doc) => Doc) | null): Pausable<Buffer> {
  for (const row of rows) {
    if (row === pause) yield pause;
    else yield project ? encode(project(row.doc())) : row.raw;
  }
}

function* noDocuments(): Pausable<Buffer> {
  // The collection does not exist.
}

/** Compiles the projection of a find; returns null if it asks for whole documents. */
export function findProjection(projection: Doc, node: QueryNode, scope: Scope): ((doc: Doc) => Doc) | null {
  if (!Object.keys(projection).length) return null;
  return compileProjection(projection, { scope, position: (doc) => matchPosition(node, doc) ?? -1 });
}

function selectionOf({ body, store, engine, timeSlice }: Call, table: Table, node: QueryNode): Selection {
  return {
    store,
    metrics: engine.metrics,
    timeSlice,
    table,
    node,
    sort: sortOf(docField(body, 'sort')),
    hint: body['hint'] ?? undefined,
    skip: countField(body, 'skip', 0),
  };
}

/** `find` (https://www.mongodb.com/docs/manual/reference/command/find/). */
export function* find(call: Call): Task {
  const { body, scope } = call;
  rejectCollation(body);
  const flag = unsupportedFlags.find((name) => flagField(body, name));
  if (flag) {
    throw new CommandError(2, `error processing query: ${flag} cursor requested on a collection that is not capped`);
  }
  const table = findTable(call, body['find']);
  const node = compileQuery(docField(body, 'filter'), scope);
  const project = findProjection(docField(body, 'projection'), node, scope);
  const limit = countField(body, 'limit', 0);
  const source = table ? encodeRows(select({ ...selectionOf(call, table, node), limit }), project) : noDocuments();
  return yield* cursorReply(call, source, {
    namespace: `${call.db}.${String(body['find'])}`,
    size: firstBatchSize(body, limit),
    laterSize: countField(body, 'batchSize', 0),
    isSingle: flagField(body, 'singleBatch'),
    noTimeout: flagField(body, 'noCursorTimeout'),
  });
}

function cursorId(value: Maybe): bigint {
  if (!isNumeric(value)) {
    throw new CommandError(14, `BSON field 'getMore' is the wrong type '${typeName(value)}', expected type 'long'`);
  }
  return typeof value === 'bigint' ? value : BigInt(Math.trunc(toDouble(value)));
}

/** `getMore`. Throws 43 for a cursor that is not open. */
export function* getMore(call: Call): Task {
  const { body, engine } = call;
  const namespace = `${call.db}.${stringField(body, 'collection')}`;
  const cursor = engine.cursors.get(cursorId(body['getMore']), namespace);
  cursor.isBusy = true;
  cursor.timeSlice.restart();
  let isFinished = true;
  try {
    const { docs, isLast } = yield* readBatch(cursor, countField(body, 'batchSize', 0) || cursor.batchSize);
    isFinished = isLast;
    cursor.usedAt = Date.now();
    return { cursor: { nextBatch: docs, id: isLast ? 0n : cursor.id, ns: namespace }, ok: 1 };
  } finally {
    cursor.isBusy = false;
    if (isFinished) engine.cursors.close(cursor.id);
  }
}

export function killCursors(call: Call): Reply {
  const ids = call.body['cursors'];
  if (!Array.isArray(ids)) throw new CommandError(14, `BSON field 'cursors' must be an array`);
  const killed: bigint[] = [];
  const notFound: bigint[] = [];
  for (const id of ids.map(cursorId)) (call.engine.cursors.close(id) ? killed : notFound).push(id);
  return { cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
}

/** `count`. Without a query it returns the stored count. */
export function* count(call: Call): Task {
  const { body } = call;
  rejectCollation(body);
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
  if (!skip && !limit && isCountableByKeys(plan)) return { n: yield* countKeys(call.store, plan), ok: 1 };
  let n = 0;
  for (const row of select(selection, plan)) {
    if (row === pause) yield pause;
    else n++;
  }
  return { n, ok: 1 };
}

/** `distinct`: the values at a path, with the elements of arrays one by one. */
export function* distinct(call: Call): Task {
  const { body } = call;
  rejectCollation(body);
  const table = findTable(call, body['distinct']);
  const path = stringField(body, 'key').split('.');
  const node = compileQuery(docField(body, 'query'), call.scope);
  const values = new Map<string, Value>();
  if (!table) return { values: [], ok: 1 };

  function add(value: Maybe): void {
    if (value !== undefined) values.set(encodeKey(value).toString('latin1'), value);
  }

  for (const row of select({ ...selectionOf(call, table, node), sort: null })) {
    if (row === pause) yield pause;
    else walkPath(row.doc(), path, false, (value) => (Array.isArray(value) ? value.forEach(add) : add(value), false));
  }
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  return { values: sorted, ok: 1 };
}
