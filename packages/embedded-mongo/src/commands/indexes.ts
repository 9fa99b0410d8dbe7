/** `createIndexes`, `dropIndexes` and `listIndexes`. */
import { decode } from '../bson/decode.js';
import { type Doc, isDoc, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import { isEqual } from '../order/compare.js';
import { pause } from '../plan/time-slice.js';
import { successor } from '../store/bytes.js';
import { entries } from '../store/environment.js';
import { type Index, primaryIndex, type Table } from '../store/table.js';
import { type Call, docsField, findTable, type Reply, tableForWrite, type Task } from './call.js';
import type { WriteTask } from './changes.js';
import { listReply } from './cursor-reply.js';
import { indexExists, parseIndexSpec } from './index-spec.js';

const idKey: Doc = { _id: 1 };

/** Fills an index from the documents, in slices. Writes in between keep the index current. */
function* fillIndex(call: Call, table: Table, index: Index): WriteTask<void> {
  const { store, timeSlice } = call;
  const range = { start: table.prefix, end: successor(table.prefix) };
  for (const { key } of entries(store.data, range)) {
    if (timeSlice.isOver()) yield pause;
    if (table.dropped) throw new CommandError(175, 'collection dropped while an index was built');
    const documentId = key.subarray(4);
    const raw = store.records.get(table, documentId);
    if (raw) store.records.index(table, index, documentId, decode(raw));
  }
}

/** Adds an index and fills it; removes it again if the build fails. */
function* buildIndex(call: Call, table: Table, spec: Doc): WriteTask<void> {
  const { catalogue } = call.store;
  const { building } = call.engine;
  const index = catalogue.addIndex(table, spec, false);
  building.add(index.id);
  try {
    yield* fillIndex(call, table, index);
    index.ready = true;
    catalogue.markChanged(table);
  } catch (error) {
    if (error instanceof CommandError && !table.dropped) catalogue.removeIndex(table, index);
    throw error;
  } finally {
    building.delete(index.id);
  }
}

function unfinishedIndex(table: Table): Index | undefined {
  return table.indexes.find(({ ready }) => !ready);
}

/** Waits until the indexes that other commands build are finished or removed, and removes abandoned ones. */
function* waitForOtherBuilds(call: Call, table: Table): WriteTask<void> {
  for (let index = unfinishedIndex(table); index; index = unfinishedIndex(table)) {
    if (!call.engine.building.has(index.id)) call.store.catalogue.removeIndex(table, index);
    else yield pause;
  }
}

/** `createIndexes` (https://www.mongodb.com/docs/manual/reference/command/createIndexes/). */
export function* createIndexes(call: Call): Task {
  const { catalogue } = call.store;
  const specs = docsField(call.body, 'indexes').map(parseIndexSpec);
  if (!specs.length) throw new CommandError(2, 'Must specify at least one index to create');
  const createdCollectionAutomatically = !findTable(call, call.body['createIndexes']);
  const table = tableForWrite(call, call.body['createIndexes']);
  const numIndexesBefore = table.indexes.length + 1;
  yield* waitForOtherBuilds(call, table);
  const created: string[] = [];
  try {
    for (const spec of specs) {
      if (isEqual(spec['key'], idKey) || indexExists(table, spec)) continue;
      created.push(String(spec['name']));
      yield* buildIndex(call, table, spec);
    }
  } catch (error) {
    for (const index of table.indexes.filter(({ name }) => created.includes(name))) catalogue.removeIndex(table, index);
    throw error;
  }
  const numIndexesAfter = table.indexes.length + 1;
  const note: Doc = created.length ? {} : { note: 'all indexes already exist' };
  return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically, ...note, ok: 1 };
}

function matchIndexes(table: Table, selector: Value): Index[] {
  if (selector === '*') return [...table.indexes];
  if (Array.isArray(selector)) return selector.flatMap((each) => matchIndexes(table, each));
  if (selector === '_id_' || (isDoc(selector) && isEqual(selector, idKey))) {
    throw new CommandError(72, 'cannot drop _id index');
  }
  const matching = table.indexes.filter(({ name, key }) =>
    isDoc(selector) ? isEqual(key, selector) : name === selector,
  );
  if (matching.length) return matching;
  throw new CommandError(
    27,
    isDoc(selector)
      ? `can't find index with key: ${JSON.stringify(selector)}`
      : `index not found with name [${String(selector)}]`,
  );
}

/** `dropIndexes`: one by name or key, a list of names, or all but the `_id` index. Throws 26, 27, 72. */
export function dropIndexes(call: Call): Reply {
  const table = findTable(call, call.body[call.name]);
  if (!table) throw new CommandError(26, `ns not found ${call.db}.${String(call.body[call.name])}`);
  const nIndexesWas = table.indexes.length + 1;
  for (const index of matchIndexes(table, call.body['index'] ?? '*')) call.store.catalogue.removeIndex(table, index);
  return { nIndexesWas, ok: 1 };
}

/** `listIndexes`. Throws 26 if the collection does not exist. */
export function listIndexes(call: Call): Task {
  const name = call.body['listIndexes'];
  const table = findTable(call, name);
  if (!table) throw new CommandError(26, `ns does not exist: ${call.db}.${String(name)}`);
  const specs = [primaryIndex(table), ...table.indexes].filter(({ ready }) => ready).map(({ spec }) => spec);
  return listReply(call, specs, table.name);
}
