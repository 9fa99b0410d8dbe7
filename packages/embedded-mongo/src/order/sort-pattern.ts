/** Sort documents, and the keys by which documents are sorted. */
import { CommandError } from '../errors.js';
import { isNumeric, type Doc } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compare } from './compare.js';
import { documentKeys, type KeyTuple } from './index-keys.js';

export interface SortPattern {
  paths: readonly string[];
  /** The paths, split at their dots. */
  parts: readonly (readonly string[])[];
  descending: readonly boolean[];
}

/** Parses a sort document. Throws 15974 or 15975 for a direction other than 1 and -1. */
export function parseSort(sort: Doc): SortPattern {
  const paths = Object.keys(sort);
  const descending = Object.values(sort).map((direction) => {
    if (!isNumeric(direction))
      throw new CommandError(15974, 'Illegal key in $sort specification: only 1 and -1 are supported');
    const sign = toDouble(direction);
    if (sign !== 1 && sign !== -1)
      throw new CommandError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    return sign === -1;
  });
  if (paths.some((path) => path === '' || path.startsWith('$'))) {
    throw new CommandError(16410, "FieldPath field names may not start with '$' or be empty");
  }
  return { paths, parts: paths.map((path) => path.split('.')), descending };
}

/** Compares two tuples field by field in the given directions. */
export function compareTuples(a: KeyTuple, b: KeyTuple, descending: readonly boolean[]): number {
  for (let index = 0; index < a.length; index++) {
    const order = compare(a[index], b[index]);
    if (order) return descending[index] ? -order : order;
  }
  return 0;
}

/** Returns the key of a document under a sort: the first of its key tuples in the sort's order. Throws 2 on parallel arrays. */
export function sortTuple(doc: Doc, pattern: SortPattern): KeyTuple {
  let first: KeyTuple | undefined;
  try {
    for (const tuple of documentKeys(doc, pattern.paths, pattern.parts).tuples) {
      if (!first || compareTuples(tuple, first, pattern.descending) < 0) first = tuple;
    }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(2, 'cannot sort with keys that are parallel arrays');
  }
  return first ?? [];
}
