/** The catalogue: which tables and indexes there are. Kept in memory, written in the transaction that changes it. */
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { isDoc, isNumeric } from '../bson/value.js';
import type { Doc, Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { asBuffer, numberPrefix } from './bytes.js';
import type { Bytes } from './environment.js';
import { makeIndex } from './table.js';
import type { Index, Table } from './table.js';

export interface Catalogue {
  readonly tables: Map<string, Table>;
  readonly find: (db: string, name: string) => Table | undefined;
  readonly create: (db: string, name: string, options: Doc) => Table;
  readonly addIndex: (table: Table, spec: Doc, ready: boolean) => Index;
  readonly removeIndex: (table: Table, index: Index) => void;
  readonly drop: (table: Table) => void;
  /** Marks a table whose count, flags or options changed, to be written at the end of the transaction. */
  readonly touch: (table: Table) => void;
  readonly flush: () => void;
  /** Reads everything anew: after a transaction that failed. */
  readonly reload: () => void;
  /** Numbers whose keys are still to be deleted. */
  readonly garbage: () => number[];
  readonly forgetGarbage: (id: number) => void;
}

const NEXT_KEY = Buffer.from('next');
const tableKey = (id: number): Buffer => Buffer.from(`table/${id}`);
const garbageKey = (id: number): Buffer => Buffer.from(`garbage/${id}`);

/** The catalogue's name of a table. */
export const fullName = (db: string, name: string): string => `${db}.${name}`;

function record(table: Table): Doc {
  const indexes = table.indexes.map(({ id, spec, multikey, ready }): Doc => ({
    id,
    spec,
    multikey: [...multikey],
    ready,
  }));
  const { id, db, name, options, count } = table;
  return { id, db, name, options, count: BigInt(count), indexes };
}

const numberOf = (value: Value | undefined): number => (isNumeric(value) ? toDouble(value) : 0);
const listOf = (value: Value | undefined): Value[] => (Array.isArray(value) ? value : []);

function readIndex(stored: Value): Index[] {
  if (!isDoc(stored) || !isDoc(stored['spec'])) return [];
  const multikey = listOf(stored['multikey']).map((item) => item === true);
  return [makeIndex(numberOf(stored['id']), stored['spec'], { multikey, ready: stored['ready'] === true })];
}

/** What is read back replaces what is in memory, but a table keeps its identity: commands under way hold on to it. */
function readTable(stored: Doc, known: ReadonlyMap<number, Table>): Table {
  const id = numberOf(stored['id']);
  const fresh: Table = {
    id,
    prefix: numberPrefix(id),
    db: String(stored['db']),
    name: String(stored['name']),
    options: isDoc(stored['options']) ? stored['options'] : {},
    indexes: listOf(stored['indexes']).flatMap(readIndex),
    count: numberOf(stored['count']),
    dropped: false,
  };
  const before = known.get(id);
  return before ? Object.assign(before, fresh) : fresh;
}

function keysUnder(bytes: Bytes, prefix: string): Buffer[] {
  return [...bytes.getKeys({ start: Buffer.from(prefix), end: Buffer.from(`${prefix}\xff`, 'latin1') })].map(asBuffer);
}

/** Fills the map with the tables that are stored; those that are not there any more are marked as dropped. */
function loadTables(bytes: Bytes, tables: Map<string, Table>): void {
  const known = new Map([...tables.values()].map((table) => [table.id, table]));
  tables.clear();
  for (const key of keysUnder(bytes, 'table/')) {
    const table = readTable(decode(asBuffer(bytes.get(key) ?? Buffer.alloc(0))), known);
    tables.set(fullName(table.db, table.name), table);
    known.delete(table.id);
  }
  for (const table of known.values()) table.dropped = true;
}

/** Reads the catalogue of an open store. */
export function openCatalogue(bytes: Bytes): Catalogue {
  const tables = new Map<string, Table>();
  const touched = new Set<Table>();
  let next = 1;

  const load = (): void => {
    touched.clear();
    next = Number(asBuffer(bytes.get(NEXT_KEY) ?? Buffer.from('1')).toString());
    loadTables(bytes, tables);
  };
  const number = (): number => {
    bytes.putSync(NEXT_KEY, Buffer.from(String(next + 1)));
    return next++;
  };
  const write = (table: Table): void => bytes.putSync(tableKey(table.id), encode(record(table)));
  const discard = (id: number): void => bytes.putSync(garbageKey(id), Buffer.alloc(0));
  load();

  return {
    tables,
    find: (db, name) => tables.get(fullName(db, name)),
    create: (db, name, options) => {
      const id = number();
      const table: Table = { id, prefix: numberPrefix(id), db, name, options, indexes: [], count: 0, dropped: false };
      tables.set(fullName(db, name), table);
      write(table);
      return table;
    },
    addIndex: (table, spec, ready) => {
      const index = makeIndex(number(), spec, { ready });
      table.indexes.push(index);
      write(table);
      return index;
    },
    removeIndex: (table, index) => {
      table.indexes = table.indexes.filter((kept) => kept !== index);
      discard(index.id);
      write(table);
    },
    drop: (table) => {
      tables.delete(fullName(table.db, table.name));
      touched.delete(table);
      table.dropped = true;
      for (const { id } of [table, ...table.indexes]) discard(id);
      bytes.removeSync(tableKey(table.id));
    },
    touch: (table) => touched.add(table),
    flush: () => {
      for (const table of touched) if (!table.dropped) write(table);
      touched.clear();
    },
    reload: load,
    garbage: () => keysUnder(bytes, 'garbage/').map((key) => Number(key.toString().slice('garbage/'.length))),
    forgetGarbage: (id) => {
      bytes.removeSync(garbageKey(id));
    },
  };
}
