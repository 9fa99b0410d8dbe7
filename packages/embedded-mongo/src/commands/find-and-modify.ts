import type { Doc } from '../bson/value.js';
import { CommandError } from '../errors.js';
import { compileQuery } from '../match/compile-query.js';
import type { Table } from '../store/table.js';
import { compileUpdate, type Update } from '../update/compile-update.js';
import {
  type Call,
  docField,
  docsField,
  findTable,
  flagField,
  rejectCollation,
  type Reply,
  scopeWithLet,
  tableForWrite,
  type Task,
} from './call.js';
import { applyUpdate, findOne, insertUpsert, type MatchedDocument, type DocumentQuery } from './changes.js';
import { findProjection } from './read.js';
import { sortOf } from './select.js';

type Project = (doc: Doc) => Doc;

function checkOptions(body: Doc): void {
  const remove = flagField(body, 'remove');
  const hasUpdate = body['update'] !== undefined && body['update'] !== null;
  if (remove && hasUpdate) throw new CommandError(9, 'Cannot specify both an update and remove=true');
  if (!remove && !hasUpdate) throw new CommandError(9, 'Either an update or remove=true must be specified');
  if (remove && flagField(body, 'upsert')) {
    throw new CommandError(9, 'Cannot specify both upsert=true and remove=true ');
  }
  if (remove && flagField(body, 'new')) {
    throw new CommandError(
      9,
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  }
}

function removeMatch(call: Call, table: Table | undefined, match: MatchedDocument | null, project: Project): Reply {
  if (!table || !match) return { lastErrorObject: { n: 0 }, value: null, ok: 1 };
  call.store.records.remove(table, match.idKey, match.doc);
  return { lastErrorObject: { n: 1 }, value: project(match.doc), ok: 1 };
}

function upsert(call: Call, target: DocumentQuery, update: Update, project: Project): Reply {
  const table = tableForWrite(call, call.body[call.name]);
  const inserted = insertUpsert(call, table, target.node, update);
  const value = flagField(call.body, 'new') ? project(inserted) : null;
  return { lastErrorObject: { n: 1, updatedExisting: false, upserted: inserted['_id'] ?? null }, value, ok: 1 };
}

/** `findAndModify` (https://www.mongodb.com/docs/manual/reference/command/findAndModify/). */
export function* findAndModify(call: Call): Task {
  const { body } = call;
  checkOptions(body);
  rejectCollation(body);
  const scope = scopeWithLet(new Date(), body['let']);
  const node = compileQuery(docField(body, 'query'), scope);
  const project: Project = findProjection(docField(body, 'fields'), node, scope) ?? ((doc) => doc);
  const target: DocumentQuery = { node, sort: sortOf(docField(body, 'sort')), hint: body['hint'] ?? undefined };
  const table = findTable(call, body[call.name]);
  const update = flagField(body, 'remove')
    ? null
    : compileUpdate(body['update'] ?? null, { arrayFilters: docsField(body, 'arrayFilters'), scope });
  const match = table ? yield* findOne(call, table, target) : null;
  if (!update) return removeMatch(call, table, match, project);
  if (table && match) {
    const { after } = applyUpdate(call, table, match, update);
    const value = project(flagField(body, 'new') ? after : match.doc);
    return { lastErrorObject: { n: 1, updatedExisting: true }, value, ok: 1 };
  }
  if (flagField(body, 'upsert')) return upsert(call, target, update, project);
  return { lastErrorObject: { n: 0, updatedExisting: false }, value: null, ok: 1 };
}
