/** The changes that write commands are made of: insert, update and delete of the documents of a query. */
import { ObjectId } from 'bson';
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { CommandError } from '../errors.js';
import { getField } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import type { SortPattern } from '../order/sort-pattern.js';
import { pause } from '../plan/time-slice.js';
import type { Scope } from '../expressions/expression.js';
import type { Table } from '../store/table.js';
import { compileUpdate, withIdFirst, matchPosition } from '../update/compile-update.js';
import type { Update } from '../update/compile-update.js';
import { upsertSeed } from '../update/upsert-seed.js';
import type { Call } from './call.js';
import { select } from './select.js';

/** A step of a write: it pauses between documents, never inside one. */
export type Change<T> = Generator<typeof pause, T>;

/** Inserts one document as it came; an `_id` is added, and put first. */
export function insertRaw(call: Call, table: Table, raw: Buffer): Value {
  const doc = decode(raw);
  const [first] = Object.keys(doc);
  if (first === '_id') {
    call.store.records.insert(table, doc, raw);
    return doc['_id'] ?? null;
  }
  return insertDoc(call, table, doc);
}

/** Inserts a document, with a new `_id` if it has none, and gives the `_id`. */
export function insertDoc(call: Call, table: Table, doc: Doc): Value {
  const id = getField(doc, '_id') ?? (Object.hasOwn(doc, '_id') ? null : new ObjectId());
  const whole = withIdFirst(id, doc);
  call.store.records.insert(table, whole, encode(whole));
  return id;
}

/** The `_id` keys of the documents of a query: all of them, or the first. */
function* chosen(call: Call, table: Table, target: Target, multi: boolean): Change<Buffer[]> {
  const { node, sort, hint } = target;
  const rows = select({
    store: call.store,
    metrics: call.engine.metrics,
    timeSlice: call.timeSlice,
    table,
    node,
    sort,
    hint,
    limit: multi ? 0 : 1,
  });
  const keys: Buffer[] = [];
  for (const row of rows) {
    if (row === pause) yield pause;
    else keys.push(row.idKey);
  }
  return keys;
}

export interface Target {
  readonly node: QueryNode;
  readonly sort: SortPattern | null;
  readonly hint: Value | undefined;
}

export interface Found {
  readonly idKey: Buffer;
  readonly raw: Buffer;
  readonly doc: Doc;
  readonly position: number;
}

/** The document under a key, if it still matches. */
function lookAgain(call: Call, table: Table, node: QueryNode, idKey: Buffer): Found | null {
  const raw = call.store.records.get(table, idKey);
  if (!raw) return null;
  const doc = decode(raw);
  const position = matchPosition(node, doc);
  return position === null ? null : { idKey, raw, doc, position };
}

/** The first document of a query. Between finding it and giving it there is no pause. */
export function* findOne(call: Call, table: Table, target: Target): Change<Found | null> {
  for (;;) {
    const [idKey] = yield* chosen(call, table, target, false);
    if (!idKey) return null;
    const found = lookAgain(call, table, target.node, idKey);
    if (found) return found;
    if (call.timeSlice.isOver()) yield pause;
  }
}

export interface UpdateResult {
  readonly matched: number;
  readonly modified: number;
  readonly upserted: Maybe;
}

/** Applies an update to one found document; gives the new one and whether it differs. */
export function applyUpdate(call: Call, table: Table, found: Found, update: Update): { after: Doc; modified: boolean } {
  const { idKey, raw, position } = found;
  const after = update.apply(decode(raw), { position, insert: false });
  const modified = call.store.records.replace(table, idKey, { before: raw, old: found.doc, after });
  return { after, modified };
}

/** Inserts what an upsert that found nothing makes, and gives it. */
export function insertUpsert(call: Call, table: Table, node: QueryNode, update: Update): Doc {
  const seed = upsertSeed(node, update.kind === 'replace');
  const made = update.apply(seed, { position: -1, insert: true });
  const id = insertDoc(call, table, made);
  return withIdFirst(id, made);
}

export interface UpdateStatement {
  readonly filter: Doc;
  readonly update: Value;
  readonly multi: boolean;
  readonly upsert: boolean;
  readonly arrayFilters: readonly Doc[];
  readonly sort: SortPattern | null;
  readonly hint: Value | undefined;
  readonly scope: Scope;
}

/** Runs one update statement. */
export function* runUpdate(call: Call, table: Table, statement: UpdateStatement): Change<UpdateResult> {
  const { scope, arrayFilters, multi, sort, hint } = statement;
  const node = compileQuery(statement.filter, scope);
  const update = compileUpdate(statement.update, { arrayFilters, scope });
  if (multi && update.kind === 'replace') {
    throw new CommandError(9, 'multi update is not supported for replacement-style update');
  }
  const target: Target = { node, sort, hint };
  let matched = 0;
  let modified = 0;
  if (multi) {
    for (const idKey of yield* chosen(call, table, target, true)) {
      if (call.timeSlice.isOver()) yield pause;
      const found = lookAgain(call, table, node, idKey);
      if (!found) continue;
      matched++;
      if (applyUpdate(call, table, found, update).modified) modified++;
    }
  } else {
    const found = yield* findOne(call, table, target);
    matched = found ? 1 : 0;
    modified = found && applyUpdate(call, table, found, update).modified ? 1 : 0;
  }
  if (matched || !statement.upsert) return { matched, modified, upserted: undefined };
  const made = insertUpsert(call, table, node, update);
  return { matched: 0, modified: 0, upserted: made['_id'] };
}

/** Deletes the documents of a query, or the first of them; gives how many. */
export function* runDelete(call: Call, table: Table, target: Target, multi: boolean): Change<number> {
  if (!multi) {
    const found = yield* findOne(call, table, target);
    if (found) call.store.records.remove(table, found.idKey, found.doc);
    return found ? 1 : 0;
  }
  let deleted = 0;
  for (const idKey of yield* chosen(call, table, target, true)) {
    if (call.timeSlice.isOver()) yield pause;
    const found = lookAgain(call, table, target.node, idKey);
    if (!found) continue;
    call.store.records.remove(table, idKey, found.doc);
    deleted++;
  }
  return deleted;
}
