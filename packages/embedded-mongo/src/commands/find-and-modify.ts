/** findAndModify. */
import { CommandError } from '../errors.js';
import type { Doc } from '../bson/value.js';
import { compileQuery } from '../match/compile-query.js';
import type { Table } from '../store/table.js';
import { compileUpdate } from '../update/compile-update.js';
import { docField, docsField, findTable, flagField, refuseCollation, scopeWithLet, tableForWrite } from './call.js';
import type { Call, Reply, Task } from './call.js';
import { applyUpdate, findOne, insertUpsert } from './changes.js';
import type { Found, Target } from './changes.js';
import { findProjection } from './read.js';
import { sortOf } from './select.js';

function checkOptions(body: Doc): void {
  const remove = flagField(body, 'remove');
  const hasUpdate = body['update'] !== undefined && body['update'] !== null;
  if (remove && hasUpdate) throw new CommandError(9, 'Cannot specify both an update and remove=true');
  if (!remove && !hasUpdate) throw new CommandError(9, 'Either an update or remove=true must be specified');
  if (remove && flagField(body, 'upsert'))
    throw new CommandError(9, 'Cannot specify both upsert=true and remove=true ');
  if (remove && flagField(body, 'new')) {
    throw new CommandError(
      9,
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  }
}

type Show = (doc: Doc) => Doc;

function removed(call: Call, table: Table, found: Found | null, show: Show): Reply {
  if (!found) return { lastErrorObject: { n: 0 }, value: null, ok: 1 };
  call.store.records.remove(table, found.idKey, found.doc);
  return { lastErrorObject: { n: 1 }, value: show(found.doc), ok: 1 };
}

function upserted(call: Call, target: Target, update: ReturnType<typeof compileUpdate>, show: Show): Reply {
  const table = tableForWrite(call, call.body[call.name]);
  const made = insertUpsert(call, table, target.node, update);
  const value = flagField(call.body, 'new') ? show(made) : null;
  return { lastErrorObject: { n: 1, updatedExisting: false, upserted: made['_id'] ?? null }, value, ok: 1 };
}

/** `findAndModify` (https://www.mongodb.com/docs/manual/reference/command/findAndModify/). */
export function* findAndModify(call: Call): Task {
  const { body } = call;
  checkOptions(body);
  refuseCollation(body);
  const scope = scopeWithLet(new Date(), body['let']);
  const node = compileQuery(docField(body, 'query'), scope);
  const show: Show = findProjection(docField(body, 'fields'), node, scope) ?? ((doc) => doc);
  const target: Target = { node, sort: sortOf(docField(body, 'sort')), hint: body['hint'] ?? undefined };
  const table = findTable(call, body[call.name]);
  const remove = flagField(body, 'remove');
  const update = remove
    ? null
    : compileUpdate(body['update'] ?? null, { arrayFilters: docsField(body, 'arrayFilters'), scope });
  const found = table ? yield* findOne(call, table, target) : null;
  if (!update) return table ? removed(call, table, found, show) : { lastErrorObject: { n: 0 }, value: null, ok: 1 };
  if (table && found) {
    const { after } = applyUpdate(call, table, found, update);
    const value = show(flagField(body, 'new') ? after : found.doc);
    return { lastErrorObject: { n: 1, updatedExisting: true }, value, ok: 1 };
  }
  if (flagField(body, 'upsert')) return upserted(call, target, update, show);
  return { lastErrorObject: { n: 0, updatedExisting: false }, value: null, ok: 1 };
}
