/** The catalogue of tables and indexes. Kept in memory, and written in the transaction that changes it. */
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { type Doc, isDoc, isNumeric, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { asBuffer, numberPrefix } from './bytes.js';
import type { Bytes } from './environment.js';
import { createIndex, type Index, type Table } from './table.js';

export interface Catalogue {
  tables: Map<string, Table>;
  find(db: string, name: string): Table | undefined;
  create(db: string, name: string, options: Doc): Table;
  addIndex(table: Table, spec: Doc, ready: boolean): Index;
  removeIndex(table: Table, index: Index): void;
  drop(table: Table): void;
  /** Marks a table whose count, flags or options changed, to be written at the end of the transaction. */
  markChanged(table: Table): void;
  /** Writes the tables that were marked. */
  flush(): void;
  /** Reads everything again, after a transaction that failed. */
  reload(): void;
  /** Returns the numbers of dropped tables and indexes whose keys are still to be deleted. */
  garbage(): number[];
  removeGarbage(id: number): void;
}

const nextIdKey = Buffer.from('next');
const tableKey = (id: number): Buffer => Buffer.from(`table/${id}`);
const garbageKey = (id: number): Buffer => Buffer.from(`garbage/${id}`);
const fullName = (db: string, name: string): string => `${db}.${name}`;

function storedForm({ id, db, name, options, count, indexes }: Table): Doc {
  const stored = indexes.map((index): Doc => {
    return { id: index.id, spec: index.spec, multikey: [...index.multikey], ready: index.ready };
  });
  return { id, db, name, options, count: BigInt(count), indexes: stored };
}

const numberOf = (value: Value | undefined): number => (isNumeric(value) ? toDouble(value) : 0);
const listOf = (value: Value | undefined): Value[] => (Array.isArray(value) ? value : []);

function readIndex(stored: Value): Index[] {
  if (!isDoc(stored) || !isDoc(stored['spec'])) return [];
  const multikey = listOf(stored['multikey']).map((item) => item === true);
  return [createIndex(numberOf(stored['id']), stored['spec'], { multikey, ready: stored['ready'] === true })];
}

/** Reads a stored table. One that is in memory already keeps its identity: commands in progress hold on to it. */
function readTable(stored: Doc, loaded: ReadonlyMap<number, Table>): Table {
  const id = numberOf(stored['id']);
  const table: Table = {
    id,
    prefix: numberPrefix(id),
    db: String(stored['db']),
    name: String(stored['name']),
    options: isDoc(stored['options']) ? stored['options'] : {},
    indexes: listOf(stored['indexes']).flatMap(readIndex),
    count: numberOf(stored['count']),
    dropped: false,
  };
  const existing = loaded.get(id);
  return existing ? Object.assign(existing, table) : table;
}

function keysUnder(bytes: Bytes, prefix: string): Buffer[] {
  return [...bytes.getKeys({ start: Buffer.from(prefix), end: Buffer.from(`${prefix}\xff`, 'latin1') })].map(asBuffer);
}

/** Replaces the tables in memory by the stored ones, and marks those that are no longer stored as dropped. */
function loadTables(bytes: Bytes, tables: Map<string, Table>): void {
  const loaded = new Map([...tables.values()].map((table) => [table.id, table]));
  tables.clear();
  for (const key of keysUnder(bytes, 'table/')) {
    const table = readTable(decode(asBuffer(bytes.get(key) ?? Buffer.alloc(0))), loaded);
    tables.set(fullName(table.db, table.name), table);
    loaded.delete(table.id);
  }
  for (const table of loaded.values()) table.dropped = true;
}

/** Reads the catalogue of an open store. */
export function openCatalogue(bytes: Bytes): Catalogue {
  const tables = new Map<string, Table>();
  const changed = new Set<Table>();
  let nextId = 1;

  function load(): void {
    changed.clear();
    nextId = Number(asBuffer(bytes.get(nextIdKey) ?? Buffer.from('1')).toString());
    loadTables(bytes, tables);
  }

  function allocateId(): number {
    bytes.putSync(nextIdKey, Buffer.from(String(nextId + 1)));
    return nextId++;
  }

  const write = (table: Table): void => bytes.putSync(tableKey(table.id), encode(storedForm(table)));
  const addGarbage = (id: number): void => bytes.putSync(garbageKey(id), Buffer.alloc(0));
  load();

  return {
    tables,
    find: (db, name) => tables.get(fullName(db, name)),
    create(db, name, options) {
      const id = allocateId();
      const table: Table = { id, prefix: numberPrefix(id), db, name, options, indexes: [], count: 0, dropped: false };
      tables.set(fullName(db, name), table);
      write(table);
      return table;
    },
    addIndex(table, spec, ready) {
      const index = createIndex(allocateId(), spec, { ready });
      table.indexes.push(index);
      write(table);
      return index;
    },
    removeIndex(table, index) {
      table.indexes = table.indexes.filter((other) => other !== index);
      addGarbage(index.id);
      write(table);
    },
    drop(table) {
      tables.delete(fullName(table.db, table.name));
      changed.delete(table);
      table.dropped = true;
      for (const { id } of [table, ...table.indexes]) addGarbage(id);
      bytes.removeSync(tableKey(table.id));
    },
    markChanged: (table) => void changed.add(table),
    flush() {
      for (const table of changed) if (!table.dropped) write(table);
      changed.clear();
    },
    reload: load,
    garbage: () => keysUnder(bytes, 'garbage/').map((key) => Number(key.toString().slice('garbage/'.length))),
    removeGarbage: (id) => void bytes.removeSync(garbageKey(id)),
  };
}
