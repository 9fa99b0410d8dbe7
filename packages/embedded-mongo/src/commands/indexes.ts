/** createIndexes, dropIndexes, listIndexes. */
import { CommandError } from '../errors.js';
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { isDoc } from '../bson/value.js';
import type { Doc, Value } from '../bson/value.js';
import { isEqual } from '../order/compare.js';
import { pause } from '../plan/time-slice.js';
import { successor } from '../store/bytes.js';
import { entries } from '../store/environment.js';
import type { Index, Table } from '../store/table.js';
import { primaryIndex } from '../store/table.js';
import { docsField, findTable, tableForWrite } from './call.js';
import type { Call, Reply, Task } from './call.js';
import type { Change } from './changes.js';
import { isPresent, readSpec } from './index-spec.js';
import { cursorReply } from './read.js';

const isIdIndex = (spec: Doc): boolean => isEqual(spec['key'], { _id: 1 });

/** Fills an index from the documents, in slices: writes in between keep it current. */
function* build(call: Call, table: Table, index: Index): Change<void> {
  const { store, timeSlice } = call;
  const range = { start: table.prefix, end: successor(table.prefix) };
  for (const { key } of entries(store.data, range)) {
    if (timeSlice.isOver()) yield pause;
    if (table.dropped) throw new CommandError(175, 'collection dropped while an index was built');
    const idKey = key.subarray(4);
    const raw = store.records.get(table, idKey);
    if (raw) store.records.index(table, index, idKey, decode(raw));
  }
}

function* buildOrRemove(call: Call, table: Table, spec: Doc): Change<void> {
  const { catalogue } = call.store;
  const { building } = call.engine;
  const index = catalogue.addIndex(table, spec, false);
  building.add(index.id);
  try {
    yield* build(call, table, index);
    index.ready = true;
    catalogue.touch(table);
  } catch (error) {
    if (error instanceof CommandError && !table.dropped) catalogue.removeIndex(table, index);
    throw error;
  } finally {
    building.delete(index.id);
  }
}

/** Another command builds the same index: wait until it is ready or gone. An abandoned one goes. */
function* settled(call: Call, table: Table): Change<void> {
  for (let unready = pending(table); unready; unready = pending(table)) {
    if (!call.engine.building.has(unready.id)) call.store.catalogue.removeIndex(table, unready);
    else yield pause;
  }
}

const pending = (table: Table): Index | undefined => table.indexes.find(({ ready }) => !ready);

/** `createIndexes` (https://www.mongodb.com/docs/manual/reference/command/createIndexes/). */
export function* createIndexes(call: Call): Task {
  const specs = docsField(call.body, 'indexes').map(readSpec);
  if (!specs.length) throw new CommandError(2, 'Must specify at least one index to create');
  const createdCollectionAutomatically = !findTable(call, call.body['createIndexes']);
  const table = tableForWrite(call, call.body['createIndexes']);
  const numIndexesBefore = table.indexes.length + 1;
  yield* settled(call, table);
  const made: string[] = [];
  try {
    for (const spec of specs) {
      if (isIdIndex(spec) || isPresent(table, spec)) continue;
      made.push(String(spec['name']));
      yield* buildOrRemove(call, table, spec);
    }
  } catch (error) {
    for (const index of table.indexes.filter(({ name }) => made.includes(name)))
      call.store.catalogue.removeIndex(table, index);
    throw error;
  }
  const note: Doc = made.length ? {} : { note: 'all indexes already exist' };
  return {
    numIndexesBefore,
    numIndexesAfter: table.indexes.length + 1,
    createdCollectionAutomatically,
    ...note,
    ok: 1,
  };
}

function chosenIndexes(table: Table, wanted: Value): Index[] {
  if (wanted === '*') return [...table.indexes];
  if (Array.isArray(wanted)) return wanted.flatMap((each) => chosenIndexes(table, each));
  if (wanted === '_id_' || (isDoc(wanted) && isEqual(wanted, { _id: 1 })))
    throw new CommandError(72, 'cannot drop _id index');
  const found = table.indexes.filter(({ name, key }) => (isDoc(wanted) ? isEqual(key, wanted) : name === wanted));
  if (found.length) return found;
  throw new CommandError(
    27,
    isDoc(wanted)
      ? `can't find index with key: ${JSON.stringify(wanted)}`
      : `index not found with name [${String(wanted)}]`,
  );
}

/** `dropIndexes`: one by name or key, a list of names, or all but that of `_id`. Throws 26, 27, 72. */
export function dropIndexes(call: Call): Reply {
  const table = findTable(call, call.body[call.name]);
  if (!table) throw new CommandError(26, `ns not found ${call.db}.${String(call.body[call.name])}`);
  const nIndexesWas = table.indexes.length + 1;
  for (const index of chosenIndexes(table, call.body['index'] ?? '*')) call.store.catalogue.removeIndex(table, index);
  return { nIndexesWas, ok: 1 };
}

/** `listIndexes`. Throws 26 if the collection does not exist. */
export function* listIndexes(call: Call): Task {
  const name = call.body['listIndexes'];
  const table = findTable(call, name);
  if (!table) throw new CommandError(26, `ns does not exist: ${call.db}.${String(name)}`);
  const specs = [primaryIndex(table), ...table.indexes].filter(({ ready }) => ready).map(({ spec }) => encode(spec));
  return yield* cursorReply(call, specs.values() as Parameters<typeof cursorReply>[1], {
    namespace: `${call.db}.${table.name}`,
    size: 10_000,
    single: false,
    noTimeout: false,
    later: 0,
  });
}
