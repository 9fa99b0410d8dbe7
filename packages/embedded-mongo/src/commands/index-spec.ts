/** Checking what createIndexes is asked for. */
import { CommandError, unsupported } from '../errors.js';
import { isDoc, isNumeric } from '../bson/value.js';
import type { Doc } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import { rootScope } from '../expressions/expression.js';
import { isEqual } from '../order/compare.js';
import type { Table } from '../store/table.js';
import { refuseCollation } from './call.js';

const KNOWN = new Set([
  'v',
  'key',
  'name',
  'ns',
  'background',
  'unique',
  'sparse',
  'partialFilterExpression',
  'expireAfterSeconds',
  'collation',
]);
const LEFT_OUT = new Set([
  'hidden',
  'weights',
  'default_language',
  'language_override',
  'textIndexVersion',
  '2dsphereIndexVersion',
  'bits',
  'min',
  'max',
  'wildcardProjection',
  'storageEngine',
  'prepareUnique',
  'clustered',
]);

function checkKey(key: Doc): void {
  const entries = Object.entries(key);
  if (!entries.length) throw new CommandError(67, 'Index keys cannot be empty.');
  for (const [path, direction] of entries) {
    if (path.includes('$**')) throw unsupported(67, 'a wildcard index');
    if (path === '' || path.split('.').some((part) => part === '' || part.startsWith('$'))) {
      throw new CommandError(67, `Index key contains an illegal field name: '${path}'`);
    }
    if (typeof direction === 'string') throw unsupported(67, `an index of type '${direction}'`);
    if (!isNumeric(direction) || toDouble(direction) === 0 || Number.isNaN(toDouble(direction))) {
      throw new CommandError(
        67,
        `Values in v:2 index key pattern cannot be of this type or 0: { ${path}: ... }. Only numbers > 0, numbers < 0, and strings are allowed.`,
      );
    }
  }
}

const FILTER_OPS = new Set(['eq', 'gt', 'gte', 'lt', 'lte', 'in', 'exists', 'type']);

function isFilter(node: QueryNode): boolean {
  if (node.kind === 'leaf') return FILTER_OPS.has(node.predicate.op);
  return (node.kind === 'and' || node.kind === 'or') && node.nodes.every(isFilter);
}

function checkOptions(spec: Doc): void {
  const filter = spec['partialFilterExpression'];
  if (filter !== undefined) {
    if (!isDoc(filter)) throw new CommandError(14, "The field 'partialFilterExpression' must be an object");
    if (spec['sparse'] === true)
      throw new CommandError(67, 'cannot mix "partialFilterExpression" and "sparse" options');
    if (!isFilter(compileQuery(filter, rootScope(new Date(0))))) {
      throw new CommandError(67, 'Expression not supported in partial index');
    }
  }
  const seconds = spec['expireAfterSeconds'];
  if (seconds === undefined) return;
  if (!isNumeric(seconds) || toDouble(seconds) < 0)
    throw new CommandError(67, 'TTL index expireAfterSeconds must be a number that is not negative');
  if (Object.keys(spec['key'] as Doc).length > 1) {
    throw new CommandError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL');
  }
}

/** The whole specification of an index that was asked for. Throws 67, 197, 115. */
export function readSpec(given: Doc): Doc {
  const { key } = given;
  if (!isDoc(key)) throw new CommandError(9, "The 'key' field is a required property of an index specification");
  for (const name of Object.keys(given)) {
    if (LEFT_OUT.has(name) && given[name] !== false) throw unsupported(67, `the index option ${name}`);
    if (!KNOWN.has(name) && !LEFT_OUT.has(name)) {
      throw new CommandError(197, `The field '${name}' is not valid for an index specification`);
    }
  }
  checkKey(key);
  refuseCollation(given);
  checkOptions(given);
  const name =
    typeof given['name'] === 'string'
      ? given['name']
      : Object.entries(key)
          .map(([path, way]) => `${path}_${String(way)}`)
          .join('_');
  const spec: Doc = { v: 2, key, name };
  for (const option of ['unique', 'sparse', 'partialFilterExpression', 'expireAfterSeconds', 'background']) {
    const value = given[option];
    if (value !== undefined && value !== null) spec[option] = value;
  }
  return spec;
}

const isOn = (spec: Doc, option: string): boolean =>
  spec[option] === true || (isNumeric(spec[option]) && toDouble(spec[option]) !== 0);

function sameSignature(a: Doc, b: Doc): boolean {
  return (
    Object.keys(a['key'] as Doc).join() === Object.keys(b['key'] as Doc).join() &&
    isEqual(a['key'], b['key']) &&
    isEqual(a['partialFilterExpression'], b['partialFilterExpression']) &&
    isOn(a, 'unique') === isOn(b, 'unique') &&
    isOn(a, 'sparse') === isOn(b, 'sparse')
  );
}

function show(spec: Doc): string {
  return JSON.stringify(spec, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** True if the index is there already. Throws 85 or 86 when one with the same name or key differs. */
export function isPresent(table: Table, spec: Doc): boolean {
  for (const { spec: existing } of table.indexes) {
    const signature = sameSignature(existing, spec);
    const name = existing['name'] === spec['name'];
    if (name && !signature) {
      throw new CommandError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${show(spec)}, existing index: ${show(existing)}`,
      );
    }
    if (!signature) continue;
    if (!name) throw new CommandError(85, `Index already exists with a different name: ${String(existing['name'])}`);
    if (!isEqual(existing['expireAfterSeconds'], spec['expireAfterSeconds'])) {
      throw new CommandError(
        85,
        `An equivalent index already exists with the same name but different options. Requested index: ${show(spec)}, existing index: ${show(existing)}`,
      );
    }
    return true;
  }
  return false;
}
