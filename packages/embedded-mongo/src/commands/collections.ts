/** create, drop, dropDatabase, listCollections, listDatabases, collMod. */
import { CommandError, unsupported } from '../errors.js';
import { encode } from '../bson/encode.js';
import { isDoc, isNumeric } from '../bson/value.js';
import type { Doc } from '../bson/value.js';
import { compileQuery } from '../match/compile-query.js';
import { matchesQuery } from '../match/query-node.js';
import { isEqual } from '../order/compare.js';
import type { Table } from '../store/table.js';
import { makeIndex } from '../store/table.js';
import { docField, findTable, flagField, refuseCollation, tableForWrite } from './call.js';
import type { Call, Reply, Task } from './call.js';
import { cursorReply } from './read.js';

const LEFT_OUT = [
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

/** `create`. Throws 48 if the collection exists, 115 for options this store leaves out. */
export function create(call: Call): Reply {
  const { body } = call;
  const refused = LEFT_OUT.find((name) => body[name] !== undefined && body[name] !== null && body[name] !== false);
  if (refused) throw unsupported(115, `the collection option ${refused}`);
  refuseCollation(body);
  if (findTable(call, body['create'])) {
    throw new CommandError(48, `Collection ${call.db}.${String(body['create'])} already exists.`);
  }
  tableForWrite(call, body['create']);
  return { ok: 1 };
}

/** `drop`. A collection that does not exist is no error, as in MongoDB since 7.0. */
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

/** `dropDatabase`. */
export function dropDatabase(call: Call): Reply {
  for (const table of tablesOf(call)) call.store.catalogue.drop(table);
  return { dropped: call.db, ok: 1 };
}

function describeTable(table: Table, nameOnly: boolean): Doc {
  const head: Doc = { name: table.name, type: 'collection' };
  if (nameOnly) return head;
  return {
    ...head,
    options: table.options,
    info: { readOnly: false },
    idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
  };
}

/** `listCollections`, with a filter on what it shows. */
export function* listCollections(call: Call): Task {
  const node = compileQuery(docField(call.body, 'filter'), call.scope);
  const nameOnly = flagField(call.body, 'nameOnly');
  const shown = tablesOf(call).map((table) => describeTable(table, nameOnly));
  const matching = shown.filter((doc) => matchesQuery(node, doc)).map(encode);
  return yield* cursorReply(call, matching.values() as Parameters<typeof cursorReply>[1], {
    namespace: `${call.db}.$cmd.listCollections`,
    size: 10_000,
    single: false,
    noTimeout: false,
    later: 0,
  });
}

/** `listDatabases`. */
export function listDatabases(call: Call): Reply {
  const names = new Set([...call.store.catalogue.tables.values()].map(({ db }) => db));
  const node = compileQuery(docField(call.body, 'filter'), call.scope);
  const databases = [...names]
    .sort()
    .map((name): Doc => ({ name, sizeOnDisk: 0n, empty: false }))
    .filter((doc) => matchesQuery(node, doc));
  return { databases, totalSize: 0n, ok: 1 };
}

/** `collMod`, for the time of a TTL index only. Throws 26, 27, and 115 for anything else. */
export function collMod(call: Call): Reply {
  const table = findTable(call, call.body['collMod']);
  if (!table) throw new CommandError(26, `ns does not exist: ${call.db}.${String(call.body['collMod'])}`);
  const change = docField(call.body, 'index');
  const seconds = change['expireAfterSeconds'];
  if (!isNumeric(seconds)) throw unsupported(115, 'collMod of anything but expireAfterSeconds');
  const at = table.indexes.findIndex(({ name, key }) =>
    isDoc(change['keyPattern']) ? isEqual(key, change['keyPattern']) : name === change['name'],
  );
  const index = table.indexes[at];
  if (!index) throw new CommandError(27, 'cannot find index for ns');
  const before = index.spec['expireAfterSeconds'] ?? null;
  table.indexes[at] = makeIndex(index.id, { ...index.spec, expireAfterSeconds: seconds }, index);
  call.store.catalogue.touch(table);
  return { expireAfterSeconds_old: before, expireAfterSeconds_new: seconds, ok: 1 };
}
