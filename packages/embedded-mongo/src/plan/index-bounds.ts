/** The key ranges of an index that the conditions of a query leave. */
import { successor } from '../store/bytes.js';
import type { KeyRange } from '../store/environment.js';
import type { Index } from '../store/table.js';
import { boundsOf, type Bounds, type Condition, type Interval } from './conditions.js';
import type { Skip } from './plan.js';

export interface IndexBounds {
  ranges: KeyRange[];
  prefixLengths: number[];
  /** The number of leading fields that are bounded to points. */
  pointFields: number;
  /** For each of those fields, whether it is bounded to a single point. */
  single: readonly boolean[];
  /** The number of leading fields that are bounded at all. */
  boundedFields: number;
  /** The conditions that the ranges express in full. */
  exact: Condition[];
  skip: Skip | null;
}

const maxRanges = 2000;

const extendPrefixes = (prefixes: readonly Buffer[], points: readonly Interval[]): Buffer[] =>
  prefixes.flatMap((prefix) => points.map((point) => Buffer.concat([prefix, point.low])));

function toRanges(
  prefixes: readonly Buffer[],
  intervals: readonly Interval[] | null,
): Pick<IndexBounds, 'ranges' | 'prefixLengths'> {
  const ranges: KeyRange[] = [];
  const prefixLengths: number[] = [];
  for (const prefix of prefixes) {
    const prefixed = intervals?.map(({ low, high }) => ({
      start: Buffer.concat([prefix, low]),
      end: Buffer.concat([prefix, high]),
    })) ?? [{ start: prefix, end: successor(prefix) }];
    for (const range of prefixed) {
      ranges.push(range);
      prefixLengths.push(prefix.length);
    }
  }
  return { ranges, prefixLengths };
}

/**
 * Returns the bounds of a field, or null. Of the fields on the same array only the first one with conditions is
 * bounded: different elements can meet the conditions.
 */
function fieldBounds(index: Index, field: number, conditions: readonly Condition[]): Bounds | null {
  const multikey = index.multikey[field] ?? false;
  if (multikey && index.multikey.slice(0, field).includes(true)) return null;
  const onField = conditions.filter((condition) => condition.path === index.paths[field]);
  return boundsOf(onField, index.descending[field] ?? false, multikey);
}

function skipAfter(index: Index, field: number, conditions: readonly Condition[]): Skip | null {
  const bounds = field + 1 < index.paths.length ? fieldBounds(index, field + 1, conditions) : null;
  return bounds && { descending: index.descending[field] ?? false, intervals: bounds.intervals };
}

/**
 * Bounds the fields of an index from the front: any number of fields with points, then at most one with intervals, then
 * one by which rows of these intervals are skipped.
 */
export function indexBoundsOf(index: Index, conditions: readonly Condition[]): IndexBounds {
  let prefixes: Buffer[] = [index.prefix];
  const single: boolean[] = [];
  const exact: Condition[] = [];
  for (const field of index.paths.keys()) {
    const multikey = index.multikey[field] ?? false;
    const bounds = fieldBounds(index, field, conditions);
    if (!bounds) break;
    const isPoints = bounds.intervals.every(({ isPoint }) => isPoint);
    if (prefixes.length * bounds.intervals.length > maxRanges) break;
    if (!multikey) exact.push(...bounds.exact);
    if (!isPoints || !bounds.intervals.length) {
      const fields = { pointFields: single.length, single, boundedFields: single.length + 1 };
      return { ...toRanges(prefixes, bounds.intervals), ...fields, exact, skip: skipAfter(index, field, conditions) };
    }
    prefixes = extendPrefixes(prefixes, bounds.intervals);
    single.push(bounds.intervals.length === 1);
  }
  const fields = { pointFields: single.length, single, boundedFields: single.length };
  return { ...toRanges(prefixes, null), ...fields, exact, skip: null };
}
