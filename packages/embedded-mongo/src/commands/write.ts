/** `insert`, `update` and `delete`. */
import { encode } from '../bson/encode.js';
import { toDouble } from '../bson/numbers.js';
import { type Doc, isDoc, isNumeric, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import { compileQuery } from '../match/compile-query.js';
import { pause } from '../plan/time-slice.js';
import type { Table } from '../store/table.js';
import {
  type Call,
  docField,
  docsField,
  findTable,
  flagField,
  rejectCollation,
  scopeWithLet,
  statements,
  tableForWrite,
  type Task,
} from './call.js';
import { insertRaw, runDelete, runUpdate, type UpdateStatement, type WriteTask } from './changes.js';
import { sortOf } from './select.js';

/** Returns an error of one statement as `writeErrors` lists it. Rethrows anything but a CommandError. */
export function writeError(index: number, error: unknown): Doc {
  if (!(error instanceof CommandError)) throw error;
  return { index, code: error.code, ...error.extra, errmsg: error.message };
}

function writeErrorsField(errors: Doc[]): { writeErrors?: Doc[] } {
  return errors.length ? { writeErrors: errors } : {};
}

/** Throws 16 for a batch that is empty or too large. */
export function checkBatch(count: number): void {
  if (count < 1 || count > 100_000) {
    throw new CommandError(16, `Write batch sizes must be between 1 and 100000. Got ${count} operations.`);
  }
}

/** `insert` (https://www.mongodb.com/docs/manual/reference/command/insert/). */
export function* insert(call: Call): Task {
  const documents = call.sequences.get('documents') ?? docsField(call.body, 'documents').map(encode);
  checkBatch(documents.length);
  const isOrdered = flagField(call.body, 'ordered', true);
  const errors: Doc[] = [];
  let n = 0;
  const table = tableForWrite(call, call.body['insert']);
  for (const [index, raw] of documents.entries()) {
    if (call.timeSlice.isOver()) yield pause;
    try {
      insertRaw(call, table, raw);
      n++;
    } catch (error) {
      errors.push(writeError(index, error));
      if (isOrdered) break;
    }
  }
  return { n, ...writeErrorsField(errors), ok: 1 };
}

/** Reads one statement of an `update` command. */
export function updateStatement(call: Call, statement: Doc): UpdateStatement {
  rejectCollation(statement);
  const variables = { ...docField(call.body, 'let'), ...docField(statement, 'c') };
  return {
    filter: docField(statement, 'q'),
    update: statement['u'] ?? null,
    multi: flagField(statement, 'multi'),
    upsert: flagField(statement, 'upsert'),
    arrayFilters: docsField(statement, 'arrayFilters'),
    sort: sortOf(docField(statement, 'sort')),
    hint: statement['hint'] ?? undefined,
    scope: scopeWithLet(new Date(), variables),
  };
}

/** Runs statements in order, up to the first error unless the command is unordered; returns the errors. */
function* runStatements(
  call: Call,
  list: readonly Doc[],
  run: (statement: Doc, index: number) => WriteTask<void>,
): WriteTask<Doc[]> {
  const isOrdered = flagField(call.body, 'ordered', true);
  const errors: Doc[] = [];
  for (const [index, statement] of list.entries()) {
    if (call.timeSlice.isOver()) yield pause;
    try {
      yield* run(statement, index);
    } catch (error) {
      errors.push(writeError(index, error));
      if (isOrdered) break;
    }
  }
  return errors;
}

/** `update` (https://www.mongodb.com/docs/manual/reference/command/update/). */
export function* update(call: Call): Task {
  const list = statements(call, 'updates');
  checkBatch(list.length);
  const name = call.body['update'];
  findTable(call, name);
  const upserted: Doc[] = [];
  let n = 0;
  let nModified = 0;
  const errors = yield* runStatements(call, list, function* (given, index) {
    const statement = updateStatement(call, given);
    const table = statement.upsert ? tableForWrite(call, name) : findTable(call, name);
    const result = yield* runUpdate(call, table ?? emptyTable(call, name), statement);
    n += result.matched;
    nModified += result.modified;
    if (result.upserted === undefined) return;
    n++;
    upserted.push({ index, _id: result.upserted });
  });
  return { n, nModified, ...(upserted.length ? { upserted } : {}), ...writeErrorsField(errors), ok: 1 };
}

/** Returns a table without documents, for statements on a collection that does not exist. */
export function emptyTable(call: Call, name: Value | undefined): Table {
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
export function* deleteDocuments(call: Call): Task {
  const list = statements(call, 'deletes');
  checkBatch(list.length);
  const name = call.body['delete'];
  findTable(call, name);
  let n = 0;
  const errors = yield* runStatements(call, list, function* (statement) {
    rejectCollation(statement);
    if (!isDoc(statement['q'])) throw new CommandError(14, "BSON field 'delete.deletes.q' must be an object");
    const limit = isNumeric(statement['limit']) ? toDouble(statement['limit']) : 0;
    if (limit !== 0 && limit !== 1) {
      throw new CommandError(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`);
    }
    const node = compileQuery(statement['q'], scopeWithLet(new Date(), call.body['let']));
    const table = findTable(call, name);
    const target = { node, sort: null, hint: statement['hint'] ?? undefined };
    if (table) n += yield* runDelete(call, table, target, limit === 0);
  });
  return { n, ...writeErrorsField(errors), ok: 1 };
}
