/** `bulkWrite`: inserts, updates and deletes over several collections in one command. */
import { encode } from '../bson/encode.js';
import { toDouble } from '../bson/numbers.js';
import { type Doc, isNumeric } from '../bson/value.js';
import { CommandError } from '../errors.js';
import { compileQuery } from '../match/compile-query.js';
import { pause } from '../plan/time-slice.js';
import {
  type Call,
  docField,
  findTable,
  flagField,
  rejectCollation,
  scopeWithLet,
  statements,
  tableForWrite,
  type Task,
} from './call.js';
import { insertRaw, runDelete, runUpdate, type WriteTask } from './changes.js';
import { cursorReply, encodeAll, firstBatchSize } from './cursor-reply.js';
import { checkBatch, emptyTable, updateStatement, writeError } from './write.js';

interface Totals {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
}

/** One operation, with the call as a command on its collection would see it. */
interface Operation {
  kind: string;
  statement: Doc;
  call: Call;
  collection: string;
}

const operationKinds = ['insert', 'update', 'delete'];

function operationOf(call: Call, statement: Doc, namespaces: readonly Doc[]): Operation {
  const [kind = ''] = Object.keys(statement);
  if (!operationKinds.includes(kind)) {
    throw new CommandError(40415, `BSON field 'bulkWrite.ops.${kind}' is an unknown field.`);
  }
  const at = statement[kind];
  const namespace = isNumeric(at) ? namespaces[toDouble(at)]?.['ns'] : undefined;
  if (typeof namespace !== 'string') {
    throw new CommandError(2, `BulkWrite ops entry ${String(at)} has an invalid nsInfo index.`);
  }
  const dot = namespace.indexOf('.');
  if (dot < 1) throw new CommandError(73, `Invalid namespace specified for bulkWrite: '${namespace}'`);
  return { kind, statement, call: { ...call, db: namespace.slice(0, dot) }, collection: namespace.slice(dot + 1) };
}

function insertOne({ call, statement, collection }: Operation, totals: Totals): Doc {
  insertRaw(call, tableForWrite(call, collection), encode(docField(statement, 'document')));
  totals.nInserted++;
  return { n: 1 };
}

function* updateMatching({ call, statement: given, collection }: Operation, totals: Totals): WriteTask<Doc> {
  const { filter: q, updateMods: u, constants: c, ...rest } = given;
  const statement = updateStatement(call, { ...rest, q: q ?? {}, u: u ?? null, c: c ?? null });
  const table = statement.upsert ? tableForWrite(call, collection) : findTable(call, collection);
  const { matched, modified, upserted } = yield* runUpdate(call, table ?? emptyTable(call, collection), statement);
  totals.nMatched += matched;
  totals.nModified += modified;
  if (upserted === undefined) return { n: matched, nModified: modified };
  totals.nUpserted++;
  return { n: 1, nModified: 0, upserted: { _id: upserted } };
}

function* deleteMatching({ call, statement, collection }: Operation, totals: Totals): WriteTask<Doc> {
  rejectCollation(statement);
  const node = compileQuery(docField(statement, 'filter'), scopeWithLet(new Date(), call.body['let']));
  const table = findTable(call, collection);
  const target = { node, sort: null, hint: statement['hint'] ?? undefined };
  const n = table ? yield* runDelete(call, table, target, flagField(statement, 'multi')) : 0;
  totals.nDeleted += n;
  return { n };
}

function* runOperation(operation: Operation, totals: Totals): WriteTask<Doc> {
  if (operation.kind === 'insert') return insertOne(operation, totals);
  return yield* (operation.kind === 'update' ? updateMatching : deleteMatching)(operation, totals);
}

function* runOperations(call: Call, totals: Totals): WriteTask<Doc[]> {
  const namespaces = statements(call, 'nsInfo');
  const operations = statements(call, 'ops');
  checkBatch(operations.length);
  const isOrdered = flagField(call.body, 'ordered', true);
  const errorsOnly = flagField(call.body, 'errorsOnly');
  const results: Doc[] = [];
  for (const [idx, statement] of operations.entries()) {
    if (call.timeSlice.isOver()) yield pause;
    try {
      const result = yield* runOperation(operationOf(call, statement, namespaces), totals);
      if (!errorsOnly) results.push({ ok: 1, idx, ...result });
    } catch (error) {
      const { index: _index, ...fault } = writeError(idx, error);
      totals.nErrors++;
      results.push({ ok: 0, idx, n: 0, ...fault });
      if (isOrdered) break;
    }
  }
  return results;
}

/** `bulkWrite` (https://www.mongodb.com/docs/manual/reference/command/bulkWrite/). */
export function* bulkWrite(call: Call): Task {
  if (call.db !== 'admin') throw new CommandError(13, 'bulkWrite may only be run against the admin database.');
  const totals: Totals = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
  const results = yield* runOperations(call, totals);
  const reply = yield* cursorReply(call, encodeAll(results), {
    namespace: 'admin.$cmd.bulkWrite',
    size: firstBatchSize(docField(call.body, 'cursor'), 0),
  });
  return { ...reply, ...totals };
}
