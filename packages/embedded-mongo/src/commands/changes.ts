/** The changes that write commands consist of: inserting, updating and deleting the documents of a query. */
import { ObjectId } from 'bson';
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { type Doc, getField, type Maybe, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import type { Scope } from '../expressions/expression.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import type { SortPattern } from '../order/sort-pattern.js';
import { pause } from '../plan/time-slice.js';
import type { Table } from '../store/table.js';
import { compileUpdate, matchPosition, type Update, withIdFirst } from '../update/compile-update.js';
import { upsertSeed } from '../update/upsert-seed.js';
import type { Call } from './call.js';
import { select } from './select.js';

/** A write in progress: it pauses between documents, never inside one. */
export type WriteTask<T> = Generator<typeof pause, T>;

/** The documents that a statement is about. */
export interface DocumentQuery {
  node: QueryNode;
  sort: SortPattern | null;
  hint: Value | undefined;
}

/** A document that matches a query, with the array position that the query matched (-1 for none). */
export interface MatchedDocument {
  idKey: Buffer;
  raw: Buffer;
  doc: Doc;
  position: number;
}

export interface UpdateStatement {
  filter: Doc;
  update: Value;
  multi: boolean;
  upsert: boolean;
  arrayFilters: readonly Doc[];
  sort: SortPattern | null;
  hint: Value | undefined;
  scope: Scope;
}

export interface UpdateResult {
  matched: number;
  modified: number;
  /** The `_id` of the document that was inserted, if any. */
  upserted: Maybe;
}

/** Inserts one document as it was sent. A missing `_id` is added, and put first. */
export function insertRaw(call: Call, table: Table, raw: Buffer): void {
  const doc = decode(raw);
  const [first] = Object.keys(doc);
  if (first === '_id') call.store.records.insert(table, doc, raw);
  else insertDoc(call, table, doc);
}

/** Inserts a document, with a new `_id` if it has none, and returns the `_id`. */
function insertDoc(call: Call, table: Table, doc: Doc): Value {
  const id = getField(doc, '_id') ?? (Object.hasOwn(doc, '_id') ? null : new ObjectId());
  const complete = withIdFirst(id, doc);
  call.store.records.insert(table, complete, encode(complete));
  return id;
}

/** Collects the `_id` keys of the documents of a query: all of them, or the first. */
function* collectKeys(call: Call, table: Table, target: DocumentQuery, multi: boolean): WriteTask<Buffer[]> {
  const { store, engine, timeSlice } = call;
  const rows = select({ ...target, store, metrics: engine.metrics, timeSlice, table, limit: multi ? 0 : 1 });
  const keys: Buffer[] = [];
  for (const row of rows) {
    if (row === pause) yield pause;
    else keys.push(row.idKey);
  }
  return keys;
}

/** Reads the document under a key again; returns null if it no longer matches. */
function readMatch(call: Call, table: Table, node: QueryNode, idKey: Buffer): MatchedDocument | null {
  const raw = call.store.records.get(table, idKey);
  if (!raw) return null;
  const doc = decode(raw);
  const position = matchPosition(node, doc);
  return position === null ? null : { idKey, raw, doc, position };
}

/** Finds the first document of a query. There is no pause between finding and returning it. */
export function* findOne(call: Call, table: Table, target: DocumentQuery): WriteTask<MatchedDocument | null> {
  for (;;) {
    const [idKey] = yield* collectKeys(call, table, target, false);
    if (!idKey) return null;
    const match = readMatch(call, table, target.node, idKey);
    if (match) return match;
    if (call.timeSlice.isOver()) yield pause;
  }
}

/** Applies an update to one document; returns the new one, and whether it differs. */
export function applyUpdate(
  call: Call,
  table: Table,
  { idKey, raw, doc, position }: MatchedDocument,
  update: Update,
): { after: Doc; isModified: boolean } {
  const after = update.apply(decode(raw), { position, insert: false });
  const isModified = call.store.records.replace(table, idKey, { raw, before: doc, after });
  return { after, isModified };
}

/** Inserts the document of an upsert that matched nothing, and returns it. */
export function insertUpsert(call: Call, table: Table, node: QueryNode, update: Update): Doc {
  const seed = upsertSeed(node, update.kind === 'replace');
  const doc = update.apply(seed, { position: -1, insert: true });
  return withIdFirst(insertDoc(call, table, doc), doc);
}

function* updateMany(
  call: Call,
  table: Table,
  target: DocumentQuery,
  update: Update,
): WriteTask<Omit<UpdateResult, 'upserted'>> {
  let matched = 0;
  let modified = 0;
  for (const idKey of yield* collectKeys(call, table, target, true)) {
    if (call.timeSlice.isOver()) yield pause;
    const match = readMatch(call, table, target.node, idKey);
    if (!match) continue;
    matched++;
    if (applyUpdate(call, table, match, update).isModified) modified++;
  }
  return { matched, modified };
}

function* updateOne(
  call: Call,
  table: Table,
  target: DocumentQuery,
  update: Update,
): WriteTask<Omit<UpdateResult, 'upserted'>> {
  const match = yield* findOne(call, table, target);
  if (!match) return { matched: 0, modified: 0 };
  return { matched: 1, modified: applyUpdate(call, table, match, update).isModified ? 1 : 0 };
}

/** Runs one update statement. */
export function* runUpdate(call: Call, table: Table, statement: UpdateStatement): WriteTask<UpdateResult> {
  const { scope, arrayFilters, multi, sort, hint } = statement;
  const node = compileQuery(statement.filter, scope);
  const update = compileUpdate(statement.update, { arrayFilters, scope });
  if (multi && update.kind === 'replace') {
    throw new CommandError(9, 'multi update is not supported for replacement-style update');
  }
  const { matched, modified } = yield* (multi ? updateMany : updateOne)(call, table, { node, sort, hint }, update);
  if (matched || !statement.upsert) return { matched, modified, upserted: undefined };
  return { matched: 0, modified: 0, upserted: insertUpsert(call, table, node, update)['_id'] };
}

/** Deletes the documents of a query, or the first of them; returns how many. */
export function* runDelete(call: Call, table: Table, target: DocumentQuery, multi: boolean): WriteTask<number> {
  if (!multi) {
    const match = yield* findOne(call, table, target);
    if (match) call.store.records.remove(table, match.idKey, match.doc);
    return match ? 1 : 0;
  }
  let deleted = 0;
  for (const idKey of yield* collectKeys(call, table, target, true)) {
    if (call.timeSlice.isOver()) yield pause;
    const match = readMatch(call, table, target.node, idKey);
    if (!match) continue;
    call.store.records.remove(table, idKey, match.doc);
    deleted++;
  }
  return deleted;
}
