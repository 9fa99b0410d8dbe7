/** bulkWrite: inserts, updates and deletes over several collections in one command. */
import { encode } from '../bson/encode.js';
import { isNumeric } from '../bson/value.js';
import type { Doc } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { CommandError } from '../errors.js';
import { compileQuery } from '../match/compile-query.js';
import { pause } from '../plan/time-slice.js';
import type { Pausable } from '../plan/time-slice.js';
import { docField, findTable, flagField, refuseCollation, scopeWithLet, statements, tableForWrite } from './call.js';
import type { Call, Task } from './call.js';
import { insertRaw, runDelete, runUpdate } from './changes.js';
import type { Change } from './changes.js';
import { cursorReply, firstBatchSize } from './read.js';
import { absent, checkBatch, updateStatement, writeError } from './write.js';

interface Totals {
  nErrors: number;
  nInserted: number;
  nMatched: number;
  nModified: number;
  nUpserted: number;
  nDeleted: number;
}

/** One operation: what it is, and the call as a command on its collection would see it. */
interface Operation {
  readonly kind: string;
  readonly given: Doc;
  readonly call: Call;
  readonly collection: string;
}

const KINDS = ['insert', 'update', 'delete'];

function operationOf(call: Call, given: Doc, namespaces: readonly Doc[]): Operation {
  const [kind = ''] = Object.keys(given);
  if (!KINDS.includes(kind)) throw new CommandError(40415, `BSON field 'bulkWrite.ops.${kind}' is an unknown field.`);
  const at = given[kind];
  const namespace = isNumeric(at) ? namespaces[toDouble(at)]?.['ns'] : undefined;
  if (typeof namespace !== 'string')
    throw new CommandError(2, `BulkWrite ops entry ${String(at)} has an invalid nsInfo index.`);
  const dot = namespace.indexOf('.');
  if (dot < 1) throw new CommandError(73, `Invalid namespace specified for bulkWrite: '${namespace}'`);
  return { kind, given, call: { ...call, db: namespace.slice(0, dot) }, collection: namespace.slice(dot + 1) };
}

function insertOne({ call, given, collection }: Operation, totals: Totals): Doc {
  insertRaw(call, tableForWrite(call, collection), encode(docField(given, 'document')));
  totals.nInserted++;
  return { n: 1 };
}

function* updateSome({ call, given, collection }: Operation, totals: Totals): Change<Doc> {
  const { filter: q, updateMods: u, constants: c, ...rest } = given;
  const statement = updateStatement(call, { ...rest, q: q ?? {}, u: u ?? null, c: c ?? null });
  const table = statement.upsert ? tableForWrite(call, collection) : findTable(call, collection);
  const { matched, modified, upserted } = yield* runUpdate(call, table ?? absent(call, collection), statement);
  totals.nMatched += matched;
  totals.nModified += modified;
  if (upserted === undefined) return { n: matched, nModified: modified };
  totals.nUpserted++;
  return { n: 1, nModified: 0, upserted: { _id: upserted } };
}

function* deleteSome({ call, given, collection }: Operation, totals: Totals): Change<Doc> {
  refuseCollation(given);
  const node = compileQuery(docField(given, 'filter'), scopeWithLet(new Date(), call.body['let']));
  const table = findTable(call, collection);
  const target = { node, sort: null, hint: given['hint'] ?? undefined };
  const n = table ? yield* runDelete(call, table, target, flagField(given, 'multi')) : 0;
  totals.nDeleted += n;
  return { n };
}

function* perform(operation: Operation, totals: Totals): Change<Doc> {
  if (operation.kind === 'insert') return insertOne(operation, totals);
  return yield* (operation.kind === 'update' ? updateSome : deleteSome)(operation, totals);
}

function* performAll(call: Call, totals: Totals): Change<Doc[]> {
  const namespaces = statements(call, 'nsInfo');
  const operations = statements(call, 'ops');
  checkBatch(operations.length);
  const ordered = flagField(call.body, 'ordered', true);
  const errorsOnly = flagField(call.body, 'errorsOnly');
  const results: Doc[] = [];
  for (const [idx, given] of operations.entries()) {
    if (call.timeSlice.isOver()) yield pause;
    try {
      const result = yield* perform(operationOf(call, given, namespaces), totals);
      if (!errorsOnly) results.push({ ok: 1, idx, ...result });
    } catch (error) {
      const { index: _index, ...fault } = writeError(idx, error);
      totals.nErrors++;
      results.push({ ok: 0, idx, n: 0, ...fault });
      if (ordered) break;
    }
  }
  return results;
}

function* listed(results: readonly Doc[]): Pausable<Buffer> {
  for (const result of results) yield encode(result);
}

/** `bulkWrite` (https://www.mongodb.com/docs/manual/reference/command/bulkWrite/). */
export function* bulkWrite(call: Call): Task {
  if (call.db !== 'admin') throw new CommandError(13, 'bulkWrite may only be run against the admin database.');
  const totals: Totals = { nErrors: 0, nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
  const results = yield* performAll(call, totals);
  const reply = yield* cursorReply(call, listed(results), {
    namespace: 'admin.$cmd.bulkWrite',
    size: firstBatchSize(docField(call.body, 'cursor'), 0),
    single: false,
    noTimeout: false,
    later: 0,
  });
  return { ...reply, ...totals };
}
