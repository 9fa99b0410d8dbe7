/** `create`, `drop`, `dropDatabase`, `listCollections`, `listDatabases` and `collMod`. */
import { type Doc, isDoc, isNumeric } from '../bson/value.js';
import { CommandError, unsupported } from '../errors.js';
import { compileQuery } from '../match/compile-query.js';
import { matchesQuery } from '../match/query-node.js';
import { isEqual } from '../order/compare.js';
import { createIndex, type Table } from '../store/table.js';
import {
  type Call,
  docField,
  findTable,
  flagField,
  rejectCollation,
  type Reply,
  tableForWrite,
  type Task,
} from './call.js';
import { listReply } from './cursor-reply.js';

const unsupportedOptions = [
  'capped',
  'timeseries',
  'viewOn',
  'pipeline',
  'validator',
  'clusteredIndex',
  'expireAfterSeconds',
  'changeStreamPreAndPostImages',
  'encryptedFields',
];

/** `create`. Throws 48 if the collection exists, 115 for options that this store does not have. */
export function create(call: Call): Reply {
  const { body } = call;
  const option = unsupportedOptions.find(
    (name) => body[name] !== undefined && body[name] !== null && body[name] !== false,
  );
  if (option) throw unsupported(115, `the collection option ${option}`);
  rejectCollation(body);
  if (findTable(call, body['create'])) {
    throw new CommandError(48, `Collection ${call.db}.${String(body['create'])} already exists.`);
  }
  tableForWrite(call, body['create']);
  return { ok: 1 };
}

/** `drop`. A collection that does not exist is not an error, as in MongoDB since 7.0. */
export function drop(call: Call): Reply {
  const table = findTable(call, call.body['drop']);
  if (!table) return { ok: 1 };
  const nIndexesWas = table.indexes.length + 1;
  call.store.catalogue.drop(table);
  return { nIndexesWas, ns: `${call.db}.${table.name}`, ok: 1 };
}

function tablesOf(call: Call): Table[] {
  return [...call.store.catalogue.tables.values()].filter(({ db }) => db === call.db);
}

export function dropDatabase(call: Call): Reply {
  for (const table of tablesOf(call)) call.store.catalogue.drop(table);
  return { dropped: call.db, ok: 1 };
}

function describeTable(table: Table, nameOnly: boolean): Doc {
  const summary: Doc = { name: table.name, type: 'collection' };
  if (nameOnly) return summary;
  return {
    ...summary,
    options: table.options,
    info: { readOnly: false },
    idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
  };
}

/** `listCollections`. The filter applies to the descriptions. */
export function listCollections(call: Call): Task {
  const node = compileQuery(docField(call.body, 'filter'), call.scope);
  const nameOnly = flagField(call.body, 'nameOnly');
  const descriptions = tablesOf(call).map((table) => describeTable(table, nameOnly));
  const matching = descriptions.filter((doc) => matchesQuery(node, doc));
  return listReply(call, matching, '$cmd.listCollections');
}

export function listDatabases(call: Call): Reply {
  const names = new Set([...call.store.catalogue.tables.values()].map(({ db }) => db));
  const node = compileQuery(docField(call.body, 'filter'), call.scope);
  const databases = [...names]
    .sort()
    .map((name): Doc => ({ name, sizeOnDisk: 0n, empty: false }))
    .filter((doc) => matchesQuery(node, doc));
  return { databases, totalSize: 0n, ok: 1 };
}

/** `collMod`, for `expireAfterSeconds` of a TTL index only. Throws 26 and 27, and 115 for anything else. */
export function collMod(call: Call): Reply {
  const table = findTable(call, call.body['collMod']);
  if (!table) throw new CommandError(26, `ns does not exist: ${call.db}.${String(call.body['collMod'])}`);
  const change = docField(call.body, 'index');
  const seconds = change['expireAfterSeconds'];
  if (!isNumeric(seconds)) throw unsupported(115, 'collMod of anything but expireAfterSeconds');
  const position = table.indexes.findIndex(({ name, key }) =>
    isDoc(change['keyPattern']) ? isEqual(key, change['keyPattern']) : name === change['name'],
  );
  const index = table.indexes[position];
  if (!index) throw new CommandError(27, 'cannot find index for ns');
  const before = index.spec['expireAfterSeconds'] ?? null;
  table.indexes[position] = createIndex(index.id, { ...index.spec, expireAfterSeconds: seconds }, index);
  call.store.catalogue.markChanged(table);
  return { expireAfterSeconds_old: before, expireAfterSeconds_new: seconds, ok: 1 };
}
