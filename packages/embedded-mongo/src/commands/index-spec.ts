/** The specifications that `createIndexes` receives. */
import { toDouble } from '../bson/numbers.js';
import { type Doc, isDoc, isNumeric } from '../bson/value.js';
import { CommandError, unsupported } from '../errors.js';
import { rootScope } from '../expressions/expression.js';
import { compileQuery } from '../match/compile-query.js';
import type { QueryNode } from '../match/query-node.js';
import { isEqual } from '../order/compare.js';
import type { Table } from '../store/table.js';
import { rejectCollation } from './call.js';

/** The options that are stored with the index. */
const storedOptions = ['unique', 'sparse', 'partialFilterExpression', 'expireAfterSeconds', 'background'];
const supportedOptions = new Set(['v', 'key', 'name', 'ns', 'collation', ...storedOptions]);
const unsupportedOptions = new Set([
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
const filterOperators = new Set(['eq', 'gt', 'gte', 'lt', 'lte', 'in', 'exists', 'type']);

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

function isSupportedFilter(node: QueryNode): boolean {
  if (node.kind === 'leaf') return filterOperators.has(node.predicate.op);
  return (node.kind === 'and' || node.kind === 'or') && node.nodes.every(isSupportedFilter);
}

function checkFilter({ partialFilterExpression: filter, sparse }: Doc): void {
  if (filter === undefined) return;
  if (!isDoc(filter)) throw new CommandError(14, "The field 'partialFilterExpression' must be an object");
  if (sparse === true) throw new CommandError(67, 'cannot mix "partialFilterExpression" and "sparse" options');
  if (!isSupportedFilter(compileQuery(filter, rootScope(new Date(0))))) {
    throw new CommandError(67, 'Expression not supported in partial index');
  }
}

function checkTtl(seconds: Doc[string] | undefined, key: Doc): void {
  if (seconds === undefined) return;
  if (!isNumeric(seconds) || toDouble(seconds) < 0) {
    throw new CommandError(67, 'TTL index expireAfterSeconds must be a number that is not negative');
  }
  if (Object.keys(key).length > 1) {
    throw new CommandError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL');
  }
}

function checkOptionNames(given: Doc): void {
  for (const name of Object.keys(given)) {
    if (unsupportedOptions.has(name) && given[name] !== false) throw unsupported(67, `the index option ${name}`);
    if (!supportedOptions.has(name) && !unsupportedOptions.has(name)) {
      throw new CommandError(197, `The field '${name}' is not valid for an index specification`);
    }
  }
}

function defaultName(key: Doc): string {
  return Object.entries(key)
    .map(([path, direction]) => `${path}_${String(direction)}`)
    .join('_');
}

/** Checks a specification and returns it as it is stored. Throws 9, 14, 67, 115 and 197. */
export function parseIndexSpec(given: Doc): Doc {
  const { key, name } = given;
  if (!isDoc(key)) throw new CommandError(9, "The 'key' field is a required property of an index specification");
  checkOptionNames(given);
  checkKey(key);
  rejectCollation(given);
  checkFilter(given);
  checkTtl(given['expireAfterSeconds'], key);
  const spec: Doc = { v: 2, key, name: typeof name === 'string' ? name : defaultName(key) };
  for (const option of storedOptions) {
    const value = given[option];
    if (value !== undefined && value !== null) spec[option] = value;
  }
  return spec;
}

function isOn(spec: Doc, option: string): boolean {
  const value = spec[option];
  return value === true || (isNumeric(value) && toDouble(value) !== 0);
}

function hasSameSignature(a: Doc, b: Doc): boolean {
  return (
    Object.keys(a['key'] as Doc).join() === Object.keys(b['key'] as Doc).join() &&
    isEqual(a['key'], b['key']) &&
    isEqual(a['partialFilterExpression'], b['partialFilterExpression']) &&
    isOn(a, 'unique') === isOn(b, 'unique') &&
    isOn(a, 'sparse') === isOn(b, 'sparse')
  );
}

function formatSpec(spec: Doc): string {
  return JSON.stringify(spec, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

function describeConflict(requested: Doc, existing: Doc): string {
  return `Requested index: ${formatSpec(requested)}, existing index: ${formatSpec(existing)}`;
}

/** Returns true if the index exists already. Throws 85 or 86 if one with the same name or key differs. */
export function indexExists(table: Table, spec: Doc): boolean {
  for (const { spec: existing } of table.indexes) {
    const isSameSignature = hasSameSignature(existing, spec);
    const isSameName = existing['name'] === spec['name'];
    if (isSameName && !isSameSignature) {
      throw new CommandError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. ${describeConflict(spec, existing)}`,
      );
    }
    if (!isSameSignature) continue;
    if (!isSameName) {
      throw new CommandError(85, `Index already exists with a different name: ${String(existing['name'])}`);
    }
    if (!isEqual(existing['expireAfterSeconds'], spec['expireAfterSeconds'])) {
      throw new CommandError(
        85,
        `An equivalent index already exists with the same name but different options. ${describeConflict(spec, existing)}`,
      );
    }
    return true;
  }
  return false;
}
