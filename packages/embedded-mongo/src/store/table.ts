/** Tables (collections) and their indexes as they are kept in memory and in the catalogue. */
import type { Doc, Value } from '../bson/value.js';
import { isDoc, isNumeric } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import { rootScope } from '../expressions/expression.js';
import { numberPrefix } from './bytes.js';

export interface Index {
  readonly id: number;
  readonly prefix: Buffer;
  readonly name: string;
  /** The index as it was asked for, with its options: what listIndexes shows. */
  readonly spec: Doc;
  readonly key: Doc;
  readonly paths: readonly string[];
  readonly parts: readonly (readonly string[])[];
  readonly descending: readonly boolean[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partial: QueryNode | null;
  readonly expireAfterSeconds: number | null;
  /** For each path, whether a document has an array on it. */
  multikey: boolean[];
  /** False while it is being built: it is kept current, but no query uses it. */
  ready: boolean;
}

export interface Table {
  readonly id: number;
  readonly prefix: Buffer;
  readonly db: string;
  readonly name: string;
  options: Doc;
  indexes: Index[];
  count: number;
  dropped: boolean;
}

const flag = (value: Value | undefined): boolean => value === true || (isNumeric(value) && toDouble(value) !== 0);

/** An index from its specification. */
export function makeIndex(id: number, spec: Doc, state: { multikey?: boolean[]; ready: boolean }): Index {
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
    unique: flag(spec['unique']),
    sparse: flag(spec['sparse']),
    partial: isDoc(filter) ? compileQuery(filter, rootScope(new Date(0))) : null,
    expireAfterSeconds: isNumeric(ttl) ? toDouble(ttl) : null,
    multikey: state.multikey ?? paths.map(() => false),
    ready: state.ready,
  };
}

/** The `_id` index: the table itself seen as an index. It is not in `indexes`. */
export function primaryIndex(table: Table): Index {
  const spec: Doc = { v: 2, key: { _id: 1 }, name: '_id_' };
  return { ...makeIndex(table.id, spec, { ready: true }), unique: true };
}
