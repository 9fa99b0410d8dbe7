/** The key tuples that a document has under a list of paths: what an index stores and what a sort compares. */
import { CommandError } from '../errors.js';
import { type Doc, getField, isDoc, type Maybe, type Value } from '../bson/value.js';
import { arrayIndex } from '../match/path.js';
import { compare } from './compare.js';

/** One value per path; null for a missing field, undefined for an empty array. */
export type KeyTuple = readonly Maybe[];

export interface DocumentKeys {
  tuples: readonly KeyTuple[];
  /** For each path, whether an array was passed on it. */
  multikey: readonly boolean[];
  /** Whether at least one of the paths exists in the document. */
  present: boolean;
}

interface PathCursor {
  value: Maybe;
  /** The parts of the path that are still to walk. */
  rest: readonly string[];
}

function advance(start: Maybe, parts: readonly string[]): PathCursor {
  let value = start;
  for (let depth = 0; depth < parts.length; depth++) {
    if (Array.isArray(value)) return { value, rest: parts.slice(depth) };
    if (!isDoc(value)) return { value: undefined, rest: [] };
    value = getField(value, parts[depth] ?? '');
  }
  return { value, rest: [] };
}

/** An array is expanded unless the path goes on by position; then that element is taken. */
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

function expand(cursors: readonly PathCursor[], paths: readonly string[], into: KeyExpansion): void {
  const array = cursors.find((cursor) => Array.isArray(cursor.value));
  if (!array || !Array.isArray(array.value)) {
    into.present ||= cursors.some((cursor) => cursor.value !== undefined);
    into.tuples.push(cursors.map((cursor) => cursor.value ?? null));
    return;
  }
  const list = array.value;
  const clash = cursors.findIndex((cursor) => Array.isArray(cursor.value) && cursor.value !== list);
  if (clash >= 0) {
    const other = cursors.indexOf(array);
    throw new CommandError(171, `cannot index parallel arrays [${paths[clash]}] [${paths[other]}]`);
  }
  into.present = true;
  cursors.forEach((cursor, index) => {
    if (cursor.value === list) into.multikey[index] = true;
  });
  if (list.length === 0) {
    into.tuples.push(cursors.map((c) => (c.value === list ? (c.rest.length ? null : undefined) : (c.value ?? null))));
    return;
  }
  for (const item of list) expandItem(item, list, cursors, { paths, into });
}

function expandItem(
  item: Value,
  list: readonly Value[],
  cursors: readonly PathCursor[],
  job: { paths: readonly string[]; into: KeyExpansion },
): void {
  const next = cursors.map((cursor) => {
    if (cursor.value !== list) return cursor;
    if (!cursor.rest.length) return { value: Array.isArray(item) ? new Whole(item) : item, rest: [] };
    return Array.isArray(item) ? { value: undefined, rest: [] } : followPosition(advance(item, cursor.rest));
  });
  const whole = next.map((cursor) => cursor.value instanceof Whole);
  if (!whole.includes(true)) {
    expand(next as readonly PathCursor[], job.paths, job.into);
    return;
  }
  const held = next.map((c) =>
    c.value instanceof Whole ? { value: null, rest: [] } : { value: c.value, rest: c.rest },
  );
  const inner: KeyExpansion = { tuples: [], multikey: job.into.multikey, present: true };
  expand(held, job.paths, inner);
  for (const tuple of inner.tuples) {
    job.into.tuples.push(
      tuple.map((value, index) => {
        const kept = next[index]?.value;
        return kept instanceof Whole ? kept.list : value;
      }),
    );
  }
}

/** An array inside an array: it is a key as a whole. */
class Whole {
  constructor(readonly list: Value[]) {}
}

/**
 * All key tuples of a document. Arrays expand element by element; paths under the same array expand in step.
 * Throws 171 when two paths pass different arrays.
 */
export function documentKeys(doc: Doc, paths: readonly string[], parts: readonly (readonly string[])[]): DocumentKeys {
  const into: KeyExpansion = { tuples: [], multikey: paths.map(() => false), present: false };
  expand(
    parts.map((path) => followPosition(advance(doc, path))),
    paths,
    into,
  );
  return into;
}

/** Compares two tuples field by field in the given directions. */
export function compareTuples(a: KeyTuple, b: KeyTuple, descending: readonly boolean[]): number {
  for (let index = 0; index < a.length; index++) {
    const order = compare(a[index], b[index]);
    if (order) return descending[index] ? -order : order;
  }
  return 0;
}

export interface SortPattern {
  paths: readonly string[];
  parts: readonly (readonly string[])[];
  descending: readonly boolean[];
}

/** The tuple by which a document sorts: the first of its tuples in the direction of the sort. Throws 2 on parallel arrays. */
export function sortTuple(doc: Doc, pattern: SortPattern): KeyTuple {
  let best: KeyTuple | undefined;
  try {
    for (const tuple of documentKeys(doc, pattern.paths, pattern.parts).tuples) {
      if (!best || compareTuples(tuple, best, pattern.descending) < 0) best = tuple;
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(2, 'cannot sort with keys that are parallel arrays');
  }
  return best ?? [];
}
