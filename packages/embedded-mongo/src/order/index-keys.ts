/** The key tuples of a document under a list of paths: the entries of an index, and the keys of a sort. */
import { CommandError } from '../errors.js';
import { getField, isDoc, type Doc, type Maybe, type Value } from '../bson/value.js';
import { arrayIndex } from '../match/path.js';

/** One value per path; null for a missing field, undefined for an empty array. */
export type KeyTuple = readonly Maybe[];

export interface DocumentKeys {
  tuples: readonly KeyTuple[];
  /** For each path, whether it passes an array. */
  multikey: readonly boolean[];
  /** Whether at least one of the paths exists in the document. */
  present: boolean;
}

/** A position on the way along a path. */
interface PathCursor {
  value: Maybe;
  /** The rest of the path. */
  rest: readonly string[];
  /** True for an array inside an array, which is one key and not expanded again. */
  isWhole?: true;
}

/** Follows a path up to its end, or up to the first array on it. */
function advance(start: Maybe, parts: readonly string[]): PathCursor {
  let value = start;
  for (let depth = 0; depth < parts.length; depth++) {
    if (Array.isArray(value)) return { value, rest: parts.slice(depth) };
    if (!isDoc(value)) return { value: undefined, rest: [] };
    value = getField(value, parts[depth] ?? '');
  }
  return { value, rest: [] };
}

/** Moves on to the element that the path names by position; an array without such a position is left to be expanded. */
function followPosition(cursor: PathCursor): PathCursor {
  const { value, rest } = cursor;
  const [first, ...others] = rest;
  if (!Array.isArray(value) || first === undefined) return cursor;
  const position = arrayIndex(first);
  if (position < 0 || value.some((item) => isDoc(item) && Object.hasOwn(item, first))) return cursor;
  return followPosition(advance(value[position], others));
}

interface KeyExpansion {
  tuples: KeyTuple[];
  multikey: boolean[];
  present: boolean;
}

interface ExpansionTarget {
  paths: readonly string[];
  expansion: KeyExpansion;
}

function expand(cursors: readonly PathCursor[], target: ExpansionTarget): void {
  const { paths, expansion } = target;
  const array = cursors.find((cursor) => Array.isArray(cursor.value));
  if (!array || !Array.isArray(array.value)) {
    expansion.present ||= cursors.some((cursor) => cursor.value !== undefined);
    expansion.tuples.push(cursors.map((cursor) => cursor.value ?? null));
    return;
  }
  const list = array.value;
  const parallel = cursors.findIndex((cursor) => Array.isArray(cursor.value) && cursor.value !== list);
  if (parallel >= 0) {
    const first = cursors.indexOf(array);
    throw new CommandError(171, `cannot index parallel arrays [${paths[parallel]}] [${paths[first]}]`);
  }
  expansion.present = true;
  cursors.forEach((cursor, index) => {
    if (cursor.value === list) expansion.multikey[index] = true;
  });
  if (list.length === 0) {
    expansion.tuples.push(
      cursors.map(({ value, rest }) => (value === list ? (rest.length ? null : undefined) : (value ?? null))),
    );
    return;
  }
  for (const item of list) expandItem(item, list, cursors, target);
}

function expandItem(
  item: Value,
  list: readonly Value[],
  cursors: readonly PathCursor[],
  { paths, expansion }: ExpansionTarget,
): void {
  const next = cursors.map((cursor): PathCursor => {
    if (cursor.value !== list) return cursor;
    if (!cursor.rest.length)
      return Array.isArray(item) ? { value: item, rest: [], isWhole: true } : { value: item, rest: [] };
    return Array.isArray(item) ? { value: undefined, rest: [] } : followPosition(advance(item, cursor.rest));
  });
  if (!next.some(({ isWhole }) => isWhole)) {
    expand(next, { paths, expansion });
    return;
  }
  const inner: KeyExpansion = { tuples: [], multikey: expansion.multikey, present: true };
  const others = next.map((cursor): PathCursor => (cursor.isWhole ? { value: null, rest: [] } : cursor));
  expand(others, { paths, expansion: inner });
  for (const tuple of inner.tuples) {
    expansion.tuples.push(tuple.map((value, index) => (next[index]?.isWhole ? next[index].value : value)));
  }
}

/**
 * Returns all key tuples of a document. Arrays expand element by element, and paths under the same array expand together.
 * Throws 171 when two paths pass different arrays.
 */
export function documentKeys(doc: Doc, paths: readonly string[], parts: readonly (readonly string[])[]): DocumentKeys {
  const expansion: KeyExpansion = { tuples: [], multikey: paths.map(() => false), present: false };
  expand(
    parts.map((path) => followPosition(advance(doc, path))),
    { paths, expansion },
  );
  return expansion;
}
