/** Projections of find and of $project (https://www.mongodb.com/docs/manual/reference/method/db.collection.find/#projection). */
import { CommandError } from '../errors.js';
import { getField, isDoc, isNumeric, setField, type Doc, type Maybe, type Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compileExpression, type Evaluate, type Scope } from '../expressions/expression.js';
import { compileQuery } from '../match/compile-query.js';
import { matchesQuery } from '../match/query-node.js';

export interface ProjectionOptions {
  scope: Scope;
  /** True for `$project`: no `$slice`, `$elemMatch` and positional projection of find. */
  aggregate?: boolean;
  /** Gives the array position that the query matched, for the positional projection. */
  position?: (doc: Doc) => number;
}

type ProjectionLeaf =
  | { kind: 'include' | 'exclude' }
  | { kind: 'compute'; evaluate: Evaluate }
  | { kind: 'array'; pick: (list: Value[], doc: Doc) => Maybe; including: boolean };
type ProjectionTree = Map<string, ProjectionLeaf | ProjectionTree>;

interface ProjectionParser {
  options: ProjectionOptions;
  tree: ProjectionTree;
  mode: 'include' | 'exclude' | null;
  id: boolean | null;
}

function setMode(reading: ProjectionParser, mode: 'include' | 'exclude', path: string): void {
  if (reading.mode && reading.mode !== mode) {
    throw new CommandError(
      mode === 'include' ? 31253 : 31254,
      `Cannot do ${mode === 'include' ? 'inclusion' : 'exclusion'} on field ${path} in ${mode === 'include' ? 'exclusion' : 'inclusion'} projection`,
    );
  }
  reading.mode = mode;
}

function addLeaf(reading: ProjectionParser, parts: readonly string[], leaf: ProjectionLeaf): void {
  let tree = reading.tree;
  parts.forEach((part, depth) => {
    const known = tree.get(part);
    if (depth === parts.length - 1) {
      if (known) throw pathCollision(parts.join('.'), depth);
      tree.set(part, leaf);
      return;
    }
    if (known && !(known instanceof Map)) throw pathCollision(parts.join('.'), depth);
    const below: ProjectionTree = known ?? new Map<string, ProjectionLeaf | ProjectionTree>();
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
  const given = Array.isArray(operand) ? operand : [operand];
  const [first = 0, count] = given.map((item) => {
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

/** The projection operators that only find has; null if the value is none of them. */
function parseArrayOperator(reading: ProjectionParser, path: string, value: Value): ProjectionLeaf | null {
  if (reading.options.aggregate || !isDoc(value)) return null;
  if (value['$slice'] !== undefined) {
    const slice = value['$slice'];
    const constant = isNumeric(slice) || (Array.isArray(slice) && slice.every(isNumeric));
    return constant ? { kind: 'array', pick: parseSlice(slice), including: false } : null;
  }
  if (value['$elemMatch'] === undefined) return null;
  if (path.includes('.')) throw new CommandError(31275, `Cannot use $elemMatch projection on a nested field (${path})`);
  setMode(reading, 'include', path);
  return { kind: 'array', pick: parseElemMatch(value['$elemMatch'], reading.options.scope), including: true };
}

function parsePositional(reading: ProjectionParser, path: string): void {
  setMode(reading, 'include', path);
  const { position } = reading.options;
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
  addLeaf(reading, path.slice(0, -2).split('.'), { kind: 'array', pick, including: true });
}

function parseField(reading: ProjectionParser, path: string, value: Value): void {
  if (path.endsWith('.$') && !reading.options.aggregate) return parsePositional(reading, path);
  const parts = path.split('.');
  if (parts.some((part) => part === '' || part.startsWith('$'))) {
    throw new CommandError(
      16410,
      `FieldPath field names may not start with '$' or be empty: '${path}'. Consider using $getField or $setField.`,
    );
  }
  if (isFlag(value)) return parseFlag(reading, path, isTruthyFlag(value));
  const special = parseArrayOperator(reading, path, value);
  if (special) return addLeaf(reading, parts, special);
  const names = isDoc(value) ? Object.entries(value) : [];
  if (names.length && !names[0]?.[0].startsWith('$')) {
    for (const [name, item] of names) parseField(reading, `${path}.${name}`, item);
    return;
  }
  if (isDoc(value) && !names.length)
    throw new CommandError(51270, 'An empty sub-projection is not a valid value. Found empty object at path');
  setMode(reading, 'include', path);
  addLeaf(reading, parts, { kind: 'compute', evaluate: compileExpression(value, reading.options.scope) });
}

function parseFlag(reading: ProjectionParser, path: string, on: boolean): void {
  if (path === '_id') reading.id = on;
  else {
    setMode(reading, on ? 'include' : 'exclude', path);
    addLeaf(reading, path.split('.'), { kind: on ? 'include' : 'exclude' });
  }
}

interface ProjectionInput {
  doc: Doc;
  scope: Scope;
}

function include(tree: ProjectionTree, source: Doc, run: ProjectionInput): Doc {
  const result: Doc = {};
  for (const name of Object.keys(source)) {
    const node = tree.get(name);
    const value = node && includeValue(node, getField(source, name), run);
    if (value !== undefined) setField(result, name, value);
  }
  for (const [name, node] of tree) addComputed(result, name, node, run);
  return result;
}

function includeValue(node: ProjectionLeaf | ProjectionTree, value: Maybe, run: ProjectionInput): Maybe {
  if (node instanceof Map) {
    if (isDoc(value)) return include(node, value, run);
    if (Array.isArray(value)) {
      return value.map((item) => includeValue(node, item, run)).filter((item) => item !== undefined);
    }
    return hasComputed(node) ? include(node, {}, run) : undefined;
  }
  if (node.kind === 'include') return value;
  if (node.kind === 'array')
    return Array.isArray(value) ? node.pick(value, run.doc) : node.including ? undefined : value;
  return undefined;
}

function addComputed(result: Doc, name: string, node: ProjectionLeaf | ProjectionTree, run: ProjectionInput): void {
  if (node instanceof Map) {
    if (!(name in result) && hasComputed(node)) setField(result, name, include(node, {}, run));
    return;
  }
  if (node.kind !== 'compute') return;
  const value = node.evaluate(run.doc, run.scope.variables);
  if (value !== undefined) setField(result, name, value);
}

function hasComputed(tree: ProjectionTree): boolean {
  return [...tree.values()].some((node) => (node instanceof Map ? hasComputed(node) : node.kind === 'compute'));
}

function exclude(tree: ProjectionTree, source: Doc, run: ProjectionInput): Doc {
  const result: Doc = {};
  for (const name of Object.keys(source)) {
    const value = excludeValue(tree.get(name), getField(source, name), run);
    if (value !== undefined) setField(result, name, value);
  }
  return result;
}

function excludeValue(node: ProjectionLeaf | ProjectionTree | undefined, value: Maybe, run: ProjectionInput): Maybe {
  if (!node) return value;
  if (node instanceof Map) {
    if (isDoc(value)) return exclude(node, value, run);
    return Array.isArray(value) ? value.map((item) => excludeValue(node, item, run) ?? null) : value;
  }
  if (node.kind === 'exclude') return undefined;
  return node.kind === 'array' && Array.isArray(value) ? node.pick(value, run.doc) : value;
}

/**
 * Compiles a projection. Throws 31253/31254 when inclusion and exclusion are mixed, 31249/31250 when paths collide.
 */
export function compileProjection(projection: Doc, options: ProjectionOptions): (doc: Doc) => Doc {
  const reading: ProjectionParser = { options, tree: new Map(), mode: null, id: null };
  for (const [path, value] of Object.entries(projection)) parseField(reading, path, value);
  const { tree, id } = reading;
  const including = reading.mode === 'include' || (reading.mode === null && id === true && !hasArrayOperators(tree));
  const { scope } = options;
  if (including) {
    if (!tree.has('_id') && id !== false) tree.set('_id', { kind: 'include' });
    return (doc) => include(tree, doc, { doc, scope });
  }
  if (id === false) tree.set('_id', { kind: 'exclude' });
  return (doc) => exclude(tree, doc, { doc, scope });
}

function hasArrayOperators(tree: ProjectionTree): boolean {
  return [...tree.values()].some((node) => node instanceof Map || node.kind === 'array');
}
