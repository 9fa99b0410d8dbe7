/** Documents and their index entries. Everything is checked before the first byte of a document is written. */
import { CommandError } from '../errors.js';
import { encode } from '../bson/encode.js';
import { getField, typeName } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { matchesQuery } from '../match/query-node.js';
import { encodeKey, encodeValues } from '../order/encode-key.js';
import { documentKeys } from '../order/index-keys.js';
import type { KeyTuple } from '../order/index-keys.js';
import { formatValue } from '../update/target.js';
import { asBuffer, maxKeyBytes, successor } from './bytes.js';
import type { Bytes } from './environment.js';
import type { Index, Table } from './table.js';

export const maxDocumentBytes = 16 * 1024 * 1024;

/** One entry of an index: the values, then the `_id`, which begins at `split`. */
interface IndexEntry {
  readonly key: Buffer;
  readonly split: number;
  readonly tuple: KeyTuple;
}

interface Entries {
  readonly index: Index;
  readonly list: readonly IndexEntry[];
  readonly multikey: readonly boolean[];
}

/** The key of a document in its table. */
export function dataKey(table: Table, idKey: Buffer): Buffer {
  return Buffer.concat([table.prefix, idKey]);
}

function splitBytes(split: number): Buffer {
  const result = Buffer.allocUnsafe(2);
  result.writeUInt16BE(split);
  return result;
}

/** The encoded `_id` inside an index entry. */
export function idOfEntry(key: Buffer, value: Buffer): Buffer {
  return key.subarray(value.readUInt16BE(0));
}

function indexEntries(index: Index, doc: Doc, idKey: Buffer): Entries {
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
    if (key.length > maxKeyBytes) throw tooLong(`index ${index.name}`, key.length);
    list.push({ key, split: values.length, tuple });
  }
  return { index, list, multikey };
}

function tooLong(what: string, length: number): CommandError {
  return new CommandError(
    17280,
    `the key for ${what} takes ${length} bytes, and the embedded store takes at most ${maxKeyBytes}; set MONGODB_URI to index longer values`,
  );
}

function duplicate(table: Table, index: { name: string; key: Doc }, tuple: KeyTuple): CommandError {
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

function checkUnique(data: Bytes, table: Table, entries: Entries, idKey: Buffer): void {
  if (!entries.index.unique) return;
  for (const { key, split, tuple } of entries.list) {
    const start = key.subarray(0, split);
    for (const other of data.getKeys({ start, end: successor(start), limit: 2 })) {
      if (!asBuffer(other).subarray(split).equals(idKey)) throw duplicate(table, entries.index, tuple);
    }
  }
}

function checkId(id: Maybe): asserts id is Value {
  const type = typeName(id);
  if (type === 'array' || type === 'regex' || type === 'missing') {
    throw new CommandError(53, `The '_id' value cannot be of type ${type}`);
  }
}

/** Throws 10334 for a document above 16 MB. */
export function checkSize(raw: Buffer): void {
  if (raw.length <= maxDocumentBytes) return;
  throw new CommandError(
    10334,
    `BSONObj size: ${raw.length} (0x${raw.length.toString(16)}) is invalid. Size must be between 0 and ${maxDocumentBytes}(16MB)`,
  );
}

export interface Records {
  readonly get: (table: Table, idKey: Buffer) => Buffer | undefined;
  /** Throws 11000, 53, 171, 10334, 17280; then nothing of the document is there. */
  readonly insert: (table: Table, doc: Doc, raw?: Buffer) => void;
  /** Puts `after` in place of `before`; false if the bytes are the same. Throws as insert does. */
  readonly replace: (table: Table, idKey: Buffer, change: { before: Buffer; old: Doc; after: Doc }) => boolean;
  readonly remove: (table: Table, idKey: Buffer, doc: Doc) => void;
  /** Adds the entries of one document to one index. */
  readonly index: (table: Table, index: Index, idKey: Buffer, doc: Doc) => void;
}

function putEntries(data: Bytes, { index, list, multikey }: Entries): void {
  for (const { key, split } of list) data.putSync(key, splitBytes(split));
  multikey.forEach((is, position) => {
    if (is) index.multikey[position] = true;
  });
}

/** Documents over an open store. Everything but `get` runs inside a transaction. */
export function openRecords(data: Bytes, touch: (table: Table) => void): Records {
  const put = (entries: Entries): void => putEntries(data, entries);
  const insert: Records['insert'] = (table, doc, given) => {
    const id = getField(doc, '_id');
    checkId(id);
    const raw = given ?? encode(doc);
    checkSize(raw);
    const idKey = encodeKey(id);
    const key = dataKey(table, idKey);
    if (key.length > maxKeyBytes) throw tooLong('_id', key.length);
    if (data.doesExist(key)) throw duplicate(table, { name: '_id_', key: { _id: 1 } }, [id]);
    const entries = table.indexes.map((index) => indexEntries(index, doc, idKey));
    for (const each of entries) checkUnique(data, table, each, idKey);
    data.putSync(key, raw);
    entries.forEach(put);
    table.count++;
    touch(table);
  };
  const replace: Records['replace'] = (table, idKey, { before, old, after }) => {
    const raw = encode(after);
    if (raw.equals(before)) return false;
    checkSize(raw);
    const changes = table.indexes.map((index) => indexChange(index, { old, after, idKey }));
    for (const { added } of changes) checkUnique(data, table, added, idKey);
    data.putSync(dataKey(table, idKey), raw);
    for (const { added, removed } of changes) {
      for (const { key } of removed) data.removeSync(key);
      if (added.multikey.some((is, position) => is && !added.index.multikey[position])) touch(table);
      put(added);
    }
    return true;
  };
  const remove: Records['remove'] = (table, idKey, doc) => {
    for (const index of table.indexes) {
      for (const { key } of indexEntries(index, doc, idKey).list) data.removeSync(key);
    }
    data.removeSync(dataKey(table, idKey));
    table.count--;
    touch(table);
  };
  return {
    get: (table, idKey) => {
      const key = dataKey(table, idKey);
      const found = key.length > maxKeyBytes ? undefined : data.get(key);
      return found && asBuffer(found);
    },
    insert,
    replace,
    remove,
    index: (table, index, idKey, doc) => {
      const entries = indexEntries(index, doc, idKey);
      checkUnique(data, table, entries, idKey);
      put(entries);
      touch(table);
    },
  };
}

function indexChange(
  index: Index,
  { old, after, idKey }: { old: Doc; after: Doc; idKey: Buffer },
): { added: Entries; removed: IndexEntry[] } {
  const before = indexEntries(index, old, idKey);
  const now = indexEntries(index, after, idKey);
  const had = new Set(before.list.map(({ key }) => key.toString('latin1')));
  const has = new Set(now.list.map(({ key }) => key.toString('latin1')));
  return {
    added: { ...now, list: now.list.filter(({ key }) => !had.has(key.toString('latin1'))) },
    removed: before.list.filter(({ key }) => !has.has(key.toString('latin1'))),
  };
}
