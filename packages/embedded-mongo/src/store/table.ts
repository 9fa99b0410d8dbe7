/** Tables (collections) and their indexes, as the catalogue keeps them in memory. */
import { type Doc, isDoc, isNumeric, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import { rootScope } from '../expressions/expression.js';
import { numberPrefix } from './bytes.js';

export interface Index {
  id: number;
  prefix: Buffer;
  name: string;
  /** The specification with its options, as `listIndexes` shows it. */
  spec: Doc;
  key: Doc;
  paths: readonly string[];
  /** The segments of each path. */
  parts: readonly (readonly string[])[];
  descending: readonly boolean[];
  unique: boolean;
  sparse: boolean;
  partial: QueryNode | null;
  expireAfterSeconds: number | null;
  /** For each path, whether a document has an array on it. */
  multikey: boolean[];
  /** False while it is being built: writes keep it current, but no query uses it. */
  ready: boolean;
}

export interface Table {
  id: number;
  prefix: Buffer;
  db: string;
  name: string;
  options: Doc;
  indexes: Index[];
  count: number;
  dropped: boolean;
}

function isOn(option: Value | undefined): boolean {
  return option === true || (isNumeric(option) && toDouble(option) !== 0);
}

export function createIndex(id: number, spec: Doc, state: { multikey?: boolean[]; ready: boolean }): Index {
  const key = isDoc(spec['key']) ? spec['key'] : {};
  const paths = Object.keys(key);
  const filter = spec['partialFilterExpression'];
  const ttl = spec['expireAfterSeconds'];
  return {
    id,
    prefix: numberPrefix(id),
    name: String(spec['name']),
    spec,
    key,
    paths,
    parts: paths.map((path) => path.split('.')),
    descending: Object.values(key).map((direction) => isNumeric(direction) && toDouble(direction) < 0),
    unique: isOn(spec['unique']),
    sparse: isOn(spec['sparse']),
    partial: isDoc(filter) ? compileQuery(filter, rootScope(new Date(0))) : null,
    expireAfterSeconds: isNumeric(ttl) ? toDouble(ttl) : null,
    multikey: state.multikey ?? paths.map(() => false),
    ready: state.ready,
  };
}

/** Returns the `_id` index: the table itself seen as an index. It is not in `indexes`. */
export function primaryIndex(table: Table): Index {
  const spec: Doc = { v: 2, key: { _id: 1 }, name: '_id_' };
  return { ...createIndex(table.id, spec, { ready: true }), unique: true };
}
