/** Documents and their index entries. All checks of a document come before the first byte of it is written. */
import { CommandError } from '../errors.js';
import { encode } from '../bson/encode.js';
import { type Doc, getField, type Maybe, typeName, type Value } from '../bson/value.js';
import { matchesQuery } from '../match/query-node.js';
import { encodeKey, encodeValues } from '../order/encode-key.js';
import { documentKeys, type KeyTuple } from '../order/index-keys.js';
import { formatValue } from '../update/target.js';
import { asBuffer, maxKeyBytes, successor } from './bytes.js';
import type { Bytes } from './environment.js';
import type { Index, Table } from './table.js';

export const maxDocumentBytes = 16 * 1024 * 1024;

export interface Records {
  get(table: Table, idKey: Buffer): Buffer | undefined;
  /** Throws 11000, 53, 171, 10334 and 17280; nothing of the document is then written. */
  insert(table: Table, doc: Doc, raw?: Buffer): void;
  /** Replaces a document; returns false if its bytes stay the same. Throws like `insert`. */
  replace(table: Table, idKey: Buffer, change: Replacement): boolean;
  remove(table: Table, idKey: Buffer, doc: Doc): void;
  /** Adds the entries of one document to one index. */
  index(table: Table, index: Index, idKey: Buffer, doc: Doc): void;
}

interface Replacement {
  /** The document as it is stored. */
  raw: Buffer;
  before: Doc;
  after: Doc;
}

/** One entry of an index: the encoded values, then the `_id`, which begins at `split`. */
interface IndexEntry {
  key: Buffer;
  split: number;
  tuple: KeyTuple;
}

/** The entries of one document in one index. */
interface DocumentEntries {
  index: Index;
  list: readonly IndexEntry[];
  multikey: readonly boolean[];
}

/** Returns the key of a document in its table. */
export function dataKey(table: Table, idKey: Buffer): Buffer {
  return Buffer.concat([table.prefix, idKey]);
}

/** Returns the encoded `_id` inside an index entry. */
export function idOfEntry(key: Buffer, value: Buffer): Buffer {
  return key.subarray(value.readUInt16BE(0));
}

function splitBytes(split: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(split);
  return bytes;
}

function keyTooLong(subject: string, length: number): CommandError {
  return new CommandError(
    17280,
    `the key for ${subject} takes ${length} bytes, and the embedded store accepts at most ${maxKeyBytes}; set MONGODB_URI to index longer values`,
  );
}

function duplicateKey(table: Table, index: { name: string; key: Doc }, tuple: KeyTuple): CommandError {
  const keyValue: Doc = {};
  Object.keys(index.key).forEach((path, position) => {
    keyValue[path] = tuple[position] ?? null;
  });
  return new CommandError(
    11000,
    `E11000 duplicate key error collection: ${table.db}.${table.name} index: ${index.name} dup key: ${formatValue(keyValue)}`,
    { keyPattern: index.key, keyValue },
  );
}

function entriesOf(index: Index, doc: Doc, idKey: Buffer): DocumentEntries {
  if (index.partial && !matchesQuery(index.partial, doc)) return { index, list: [], multikey: [] };
  const { tuples, multikey, present } = documentKeys(doc, index.paths, index.parts);
  if (index.sparse && !present) return { index, list: [], multikey: [] };
  const seen = new Set<string>();
  const list: IndexEntry[] = [];
  for (const tuple of tuples) {
    const values = Buffer.concat([index.prefix, encodeValues(tuple, index.descending)]);
    const text = values.toString('latin1');
    if (seen.has(text)) continue;
    seen.add(text);
    const key = Buffer.concat([values, idKey]);
    if (key.length > maxKeyBytes) throw keyTooLong(`index ${index.name}`, key.length);
    list.push({ key, split: values.length, tuple });
  }
  return { index, list, multikey };
}

function changedEntries(
  index: Index,
  { before, after, idKey }: { before: Doc; after: Doc; idKey: Buffer },
): { added: DocumentEntries; removed: IndexEntry[] } {
  const old = entriesOf(index, before, idKey);
  const current = entriesOf(index, after, idKey);
  const oldKeys = new Set(old.list.map(({ key }) => key.toString('latin1')));
  const currentKeys = new Set(current.list.map(({ key }) => key.toString('latin1')));
  return {
    added: { ...current, list: current.list.filter(({ key }) => !oldKeys.has(key.toString('latin1'))) },
    removed: old.list.filter(({ key }) => !currentKeys.has(key.toString('latin1'))),
  };
}

function checkUnique(data: Bytes, table: Table, { index, list }: DocumentEntries, idKey: Buffer): void {
  if (!index.unique) return;
  for (const { key, split, tuple } of list) {
    const start = key.subarray(0, split);
    for (const other of data.getKeys({ start, end: successor(start), limit: 2 })) {
      if (!asBuffer(other).subarray(split).equals(idKey)) throw duplicateKey(table, index, tuple);
    }
  }
}

function checkId(id: Maybe): asserts id is Value {
  const type = typeName(id);
  if (type === 'array' || type === 'regex' || type === 'missing') {
    throw new CommandError(53, `The '_id' value cannot be of type ${type}`);
  }
}

function checkSize(raw: Buffer): void {
  if (raw.length <= maxDocumentBytes) return;
  throw new CommandError(
    10334,
    `BSONObj size: ${raw.length} (0x${raw.length.toString(16)}) is invalid. Size must be between 0 and ${maxDocumentBytes}(16MB)`,
  );
}

function putEntries(data: Bytes, { index, list, multikey }: DocumentEntries): void {
  for (const { key, split } of list) data.putSync(key, splitBytes(split));
  multikey.forEach((isMultikey, position) => {
    if (isMultikey) index.multikey[position] = true;
  });
}

interface Deps {
  data: Bytes;
  markChanged: (table: Table) => void;
}

function insert({ data, markChanged }: Deps, table: Table, doc: Doc, raw: Buffer): void {
  const id = getField(doc, '_id');
  checkId(id);
  checkSize(raw);
  const idKey = encodeKey(id);
  const key = dataKey(table, idKey);
  if (key.length > maxKeyBytes) throw keyTooLong('_id', key.length);
  if (data.doesExist(key)) throw duplicateKey(table, { name: '_id_', key: { _id: 1 } }, [id]);
  const entries = table.indexes.map((index) => entriesOf(index, doc, idKey));
  for (const each of entries) checkUnique(data, table, each, idKey);
  data.putSync(key, raw);
  for (const each of entries) putEntries(data, each);
  table.count++;
  markChanged(table);
}

function replace({ data, markChanged }: Deps, table: Table, idKey: Buffer, change: Replacement): boolean {
  const { before, after } = change;
  const raw = encode(after);
  if (raw.equals(change.raw)) return false;
  checkSize(raw);
  const changes = table.indexes.map((index) => changedEntries(index, { before, after, idKey }));
  for (const { added } of changes) checkUnique(data, table, added, idKey);
  data.putSync(dataKey(table, idKey), raw);
  for (const { added, removed } of changes) {
    for (const { key } of removed) data.removeSync(key);
    if (added.multikey.some((is, position) => is && !added.index.multikey[position])) markChanged(table);
    putEntries(data, added);
  }
  return true;
}

/** Opens the documents of a store. Everything but `get` runs inside a transaction. */
export function openRecords(data: Bytes, markChanged: Deps['markChanged']): Records {
  const deps = { data, markChanged };
  return {
    get(table, idKey) {
      const key = dataKey(table, idKey);
      const raw = key.length > maxKeyBytes ? undefined : data.get(key);
      return raw && asBuffer(raw);
    },
    insert: (table, doc, raw = encode(doc)) => insert(deps, table, doc, raw),
    replace: (table, idKey, change) => replace(deps, table, idKey, change),
    remove(table, idKey, doc) {
      for (const index of table.indexes) {
        for (const { key } of entriesOf(index, doc, idKey).list) data.removeSync(key);
      }
      data.removeSync(dataKey(table, idKey));
      table.count--;
      markChanged(table);
    },
    index(table, index, idKey, doc) {
      const entries = entriesOf(index, doc, idKey);
      checkUnique(data, table, entries, idKey);
      putEntries(data, entries);
      markChanged(table);
    },
  };
}
