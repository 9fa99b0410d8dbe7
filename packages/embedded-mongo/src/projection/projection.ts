/** Compiles the projections of find and of `$project` (https://www.mongodb.com/docs/manual/reference/method/db.collection.find/#projection). */
import { CommandError } from '../errors.js';
import { isDoc, isNumeric, type Doc, type Maybe, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileExpression, type Scope } from '../expressions/expression.js';
import { compileQuery } from '../match/compile-query.js';
import { matchesQuery } from '../match/query-node.js';
import { exclude, include, type ProjectionLeaf, type ProjectionTree } from './apply-projection.js';

export interface ProjectionOptions {
  scope: Scope;
  /** True for `$project`, which has no `$slice`, `$elemMatch` and positional projection. */
  aggregate?: boolean;
  /** Returns the array position that the query matched, for the positional projection. */
  position?: (doc: Doc) => number;
}

interface ProjectionParser {
  options: ProjectionOptions;
  tree: ProjectionTree;
  mode: 'include' | 'exclude' | null;
  id: boolean | null;
}

function setMode(parser: ProjectionParser, mode: 'include' | 'exclude', path: string): void {
  if (parser.mode && parser.mode !== mode) {
    throw new CommandError(
      mode === 'include' ? 31253 : 31254,
      `Cannot do ${mode === 'include' ? 'inclusion' : 'exclusion'} on field ${path} in ${mode === 'include' ? 'exclusion' : 'inclusion'} projection`,
    );
  }
  parser.mode = mode;
}

function addLeaf(parser: ProjectionParser, parts: readonly string[], leaf: ProjectionLeaf): void {
  let tree = parser.tree;
  parts.forEach((part, depth) => {
    const existing = tree.get(part);
    if (depth === parts.length - 1) {
      if (existing) throw pathCollision(parts.join('.'), depth);
      tree.set(part, leaf);
      return;
    }
    if (existing && !(existing instanceof Map)) throw pathCollision(parts.join('.'), depth);
    const below: ProjectionTree = existing ?? new Map<string, ProjectionLeaf | ProjectionTree>();
    tree.set(part, below);
    tree = below;
  });
}

function pathCollision(path: string, depth: number): CommandError {
  return new CommandError(31249 + (depth ? 1 : 0), `Path collision at ${path}`);
}

const isFlag = (value: Value): boolean => typeof value === 'boolean' || isNumeric(value);
const isTruthyFlag = (value: Value): boolean => (isNumeric(value) ? toDouble(value) !== 0 : value === true);

function parseSlice(operand: Value): (list: Value[]) => Value[] {
  const numbers = Array.isArray(operand) ? operand : [operand];
  const [first = 0, count] = numbers.map((item) => {
    if (!isNumeric(item)) throw new CommandError(28724, 'First argument to $slice must be an array or number');
    return Math.trunc(toDouble(item));
  });
  if (!Array.isArray(operand)) return (list) => (first >= 0 ? list.slice(0, first) : list.slice(first));
  if (count === undefined || count <= 0) throw new CommandError(28729, '$slice limit must be positive');
  return (list) => {
    const start = first >= 0 ? first : Math.max(0, list.length + first);
    return list.slice(start, start + count);
  };
}

function parseElemMatch(operand: Value, scope: Scope): (list: Value[]) => Maybe {
  if (!isDoc(operand)) throw new CommandError(2, 'elemMatch: Invalid argument, object required');
  const node = compileQuery({ list: { $elemMatch: operand } }, scope);
  return (list) => {
    const found = list.find((item) => matchesQuery(node, { list: [item] }));
    return found === undefined ? undefined : [found];
  };
}

/** Parses the projection operators that only find has; null for any other value. */
function parseArrayOperator(parser: ProjectionParser, path: string, value: Value): ProjectionLeaf | null {
  if (parser.options.aggregate || !isDoc(value)) return null;
  if (value['$slice'] !== undefined) {
    const slice = value['$slice'];
    const constant = isNumeric(slice) || (Array.isArray(slice) && slice.every(isNumeric));
    return constant ? { kind: 'array', pick: parseSlice(slice), isInclusion: false } : null;
  }
  if (value['$elemMatch'] === undefined) return null;
  if (path.includes('.')) throw new CommandError(31275, `Cannot use $elemMatch projection on a nested field (${path})`);
  setMode(parser, 'include', path);
  return { kind: 'array', pick: parseElemMatch(value['$elemMatch'], parser.options.scope), isInclusion: true };
}

function parsePositional(parser: ProjectionParser, path: string): void {
  setMode(parser, 'include', path);
  const { position } = parser.options;
  if (!position) throw new CommandError(31325, 'positional projection is not allowed here');
  const pick = (list: Value[], doc: Doc): Maybe => {
    const at = position(doc);
    if (at < 0)
      throw new CommandError(
        51246,
        "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
      );
    const item = list[at];
    return item === undefined ? [] : [item];
  };
  addLeaf(parser, path.slice(0, -2).split('.'), { kind: 'array', pick, isInclusion: true });
}

function parseField(parser: ProjectionParser, path: string, value: Value): void {
  if (path.endsWith('.$') && !parser.options.aggregate) return parsePositional(parser, path);
  const parts = path.split('.');
  if (parts.some((part) => part === '' || part.startsWith('$'))) {
    throw new CommandError(
      16410,
      `FieldPath field names may not start with '$' or be empty: '${path}'. Consider using $getField or $setField.`,
    );
  }
  if (isFlag(value)) return parseFlag(parser, path, isTruthyFlag(value));
  const operator = parseArrayOperator(parser, path, value);
  if (operator) return addLeaf(parser, parts, operator);
  const names = isDoc(value) ? Object.entries(value) : [];
  if (names.length && !names[0]?.[0].startsWith('$')) {
    for (const [name, item] of names) parseField(parser, `${path}.${name}`, item);
    return;
  }
  if (isDoc(value) && !names.length)
    throw new CommandError(51270, 'An empty sub-projection is not a valid value. Found empty object at path');
  setMode(parser, 'include', path);
  addLeaf(parser, parts, { kind: 'compute', evaluate: compileExpression(value, parser.options.scope) });
}

function parseFlag(parser: ProjectionParser, path: string, on: boolean): void {
  if (path === '_id') parser.id = on;
  else {
    setMode(parser, on ? 'include' : 'exclude', path);
    addLeaf(parser, path.split('.'), { kind: on ? 'include' : 'exclude' });
  }
}

/**
 * Compiles a projection. Throws 31253 or 31254 if inclusion and exclusion are mixed, 31249 or 31250 if paths collide.
 */
export function compileProjection(projection: Doc, options: ProjectionOptions): (doc: Doc) => Doc {
  const parser: ProjectionParser = { options, tree: new Map(), mode: null, id: null };
  for (const [path, value] of Object.entries(projection)) parseField(parser, path, value);
  const { tree, id } = parser;
  const isInclusion = parser.mode === 'include' || (parser.mode === null && id === true && !hasArrayOperators(tree));
  const { scope } = options;
  if (isInclusion) {
    if (!tree.has('_id') && id !== false) tree.set('_id', { kind: 'include' });
    return (doc) => include(tree, doc, { doc, scope });
  }
  if (id === false) tree.set('_id', { kind: 'exclude' });
  return (doc) => exclude(tree, doc, { doc, scope });
}

function hasArrayOperators(tree: ProjectionTree): boolean {
  return [...tree.values()].some((node) => node instanceof Map || node.kind === 'array');
}
