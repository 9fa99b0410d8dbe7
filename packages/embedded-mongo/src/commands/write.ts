/** insert, update, delete. */
import { CommandError } from '../errors.js';
import { encode } from '../bson/encode.js';
import { isDoc } from '../bson/value.js';
import type { Doc, Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { isNumeric } from '../bson/value.js';
import { compileQuery } from '../match/compile-query.js';
import { pause } from '../plan/time-slice.js';
import type { Table } from '../store/table.js';
import {
  docField,
  docsField,
  findTable,
  flagField,
  refuseCollation,
  scopeWithLet,
  statements,
  tableForWrite,
} from './call.js';
import type { Call, Task } from './call.js';
import { insertRaw, runDelete, runUpdate } from './changes.js';
import type { Change, UpdateStatement } from './changes.js';
import { sortOf } from './select.js';

/** An error of one statement, as `writeErrors` lists it. */
export function writeError(index: number, error: unknown): Doc {
  if (!(error instanceof CommandError)) throw error;
  return { index, code: error.code, ...error.extra, errmsg: error.message };
}

function errors(list: readonly Doc[]): { writeErrors?: Doc[] } {
  return list.length ? { writeErrors: [...list] } : {};
}

/** Throws 16 for a batch of nothing or of too much. */
export function checkBatch(count: number): void {
  if (count < 1 || count > 100_000) {
    throw new CommandError(16, `Write batch sizes must be between 1 and 100000. Got ${count} operations.`);
  }
}

/** `insert` (https://www.mongodb.com/docs/manual/reference/command/insert/). */
export function* insert(call: Call): Task {
  const documents = call.sequences.get('documents') ?? docsField(call.body, 'documents').map(encode);
  checkBatch(documents.length);
  const ordered = flagField(call.body, 'ordered', true);
  const failed: Doc[] = [];
  let n = 0;
  const table = tableForWrite(call, call.body['insert']);
  for (const [index, raw] of documents.entries()) {
    if (call.timeSlice.isOver()) yield pause;
    try {
      insertRaw(call, table, raw);
      n++;
    } catch (error) {
      failed.push(writeError(index, error));
      if (ordered) break;
    }
  }
  return { n, ...errors(failed), ok: 1 };
}

/** Reads one statement of an update command. */
export function updateStatement(call: Call, given: Doc): UpdateStatement {
  refuseCollation(given);
  const variables = { ...docField(call.body, 'let'), ...docField(given, 'c') };
  return {
    filter: docField(given, 'q'),
    update: given['u'] ?? null,
    multi: flagField(given, 'multi'),
    upsert: flagField(given, 'upsert'),
    arrayFilters: docsField(given, 'arrayFilters'),
    sort: sortOf(docField(given, 'sort')),
    hint: given['hint'] ?? undefined,
    scope: scopeWithLet(new Date(), variables),
  };
}

function* statementByStatement(
  call: Call,
  list: readonly Doc[],
  run: (given: Doc, index: number) => Change<void>,
): Change<Doc[]> {
  const ordered = flagField(call.body, 'ordered', true);
  const failed: Doc[] = [];
  for (const [index, given] of list.entries()) {
    if (call.timeSlice.isOver()) yield pause;
    try {
      yield* run(given, index);
    } catch (error) {
      failed.push(writeError(index, error));
      if (ordered) break;
    }
  }
  return failed;
}

/** `update` (https://www.mongodb.com/docs/manual/reference/command/update/). */
export function* update(call: Call): Task {
  const list = statements(call, 'updates');
  checkBatch(list.length);
  findTable(call, call.body['update']);
  const upserted: Doc[] = [];
  let n = 0;
  let nModified = 0;
  const failed = yield* statementByStatement(call, list, function* (given, index) {
    const statement = updateStatement(call, given);
    const table = statement.upsert ? tableForWrite(call, call.body['update']) : findTable(call, call.body['update']);
    const result = yield* runUpdate(call, table ?? absent(call, call.body['update']), statement);
    n += result.matched;
    nModified += result.modified;
    if (result.upserted === undefined) return;
    n++;
    upserted.push({ index, _id: result.upserted });
  });
  return { n, nModified, ...(upserted.length ? { upserted } : {}), ...errors(failed), ok: 1 };
}

/** A table without documents, for statements on a collection that does not exist. */
export function absent(call: Call, name: Value | undefined): Table {
  return {
    id: 0,
    prefix: Buffer.alloc(4),
    db: call.db,
    name: String(name),
    options: {},
    indexes: [],
    count: 0,
    dropped: false,
  };
}

/** `delete` (https://www.mongodb.com/docs/manual/reference/command/delete/). */
export function* remove(call: Call): Task {
  const list = statements(call, 'deletes');
  checkBatch(list.length);
  findTable(call, call.body['delete']);
  let n = 0;
  const failed = yield* statementByStatement(call, list, function* (given) {
    refuseCollation(given);
    if (!isDoc(given['q'])) throw new CommandError(14, "BSON field 'delete.deletes.q' must be an object");
    const limit = isNumeric(given['limit']) ? toDouble(given['limit']) : 0;
    if (limit !== 0 && limit !== 1)
      throw new CommandError(9, 'The limit field in delete objects must be 0 or 1. Got ' + String(limit));
    const node = compileQuery(given['q'], scopeWithLet(new Date(), call.body['let']));
    const table = findTable(call, call.body['delete']);
    if (table) n += yield* runDelete(call, table, { node, sort: null, hint: given['hint'] ?? undefined }, limit === 0);
  });
  return { n, ...errors(failed), ok: 1 };
}
