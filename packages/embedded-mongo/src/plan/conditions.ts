/** The conjuncts of a query as the planner sees them, and the key intervals they leave. */
import { BSONRegExp, MaxKey, MinKey } from 'bson';
import { isNaNValue } from '../bson/numbers.js';
import { isDoc, isNum } from '../bson/value.js';
import type { Value } from '../bson/value.js';
import type { QueryNode, Test } from '../match/node.js';
import { encodeKey, encodePrefix, encodeValues, typeBounds } from '../order/encode-key.js';
import { successor } from '../store/bytes.js';

/** A test on a path that every result must pass. */
export interface Condition {
  readonly path: string;
  readonly test: Test;
  /** The node it came from; null if it is only part of one (inside `$elemMatch`), so that the node must be checked. */
  readonly node: QueryNode | null;
}

/** The conditions that a query puts on documents, one for each conjunct; `$elemMatch` gives those of its parts too. */
export function conditionsOf(node: QueryNode): Condition[] {
  if (node.kind === 'and') return node.nodes.flatMap(conditionsOf);
  if (node.kind === 'or' && node.nodes.length === 1) return node.nodes.flatMap(conditionsOf);
  if (node.kind !== 'leaf') return [];
  const { path, test } = node;
  const own: Condition = { path, test, node };
  if (test.op !== 'elemMatch') return [own];
  const inner = conditionsOf(test.node).map((part) => ({ path: `${path}.${part.path}`, test: part.test, node: null }));
  return [own, ...inner];
}

/** Encodings of one field: all `e` with low <= e < high. A point has one encoding. */
export interface Interval {
  readonly low: Buffer;
  readonly high: Buffer;
  readonly point: boolean;
}

export interface Bounds {
  /** Disjoint, in key order. */
  readonly intervals: readonly Interval[];
  /** The conditions that the intervals express in full, when no array is on the path. */
  readonly exact: readonly Condition[];
}

/** Whether the value, as an operand, selects one place of an index. */
function isPlain(value: Value): boolean {
  return (
    !Array.isArray(value) && !(value instanceof BSONRegExp) && !(value instanceof MinKey) && !(value instanceof MaxKey)
  );
}

function pointOf(value: Value, descending: boolean): Interval {
  const low = encodeValues([value], [descending]);
  return { low, high: successor(low), point: true };
}

const byLow = (a: Interval, b: Interval): number => Buffer.compare(a.low, b.low);

function points(values: readonly Value[], descending: boolean): Interval[] {
  const sorted = values.map((value) => pointOf(value, descending)).sort(byLow);
  return sorted.filter((point, index) => index === 0 || !point.low.equals(sorted[index - 1]?.low ?? Buffer.alloc(0)));
}

const isExactValue = (value: Value): boolean => value !== null && !isDoc(value);

function pointBounds(condition: Condition, descending: boolean): Bounds | null {
  const { test } = condition;
  if (test.op === 'eq' && isPlain(test.operand)) {
    const exact = isExactValue(test.operand) ? [condition] : [];
    return { intervals: points([test.operand], descending), exact };
  }
  if (test.op !== 'in' || test.patterns.length || !test.operands.every(isPlain)) return null;
  return {
    intervals: points(test.operands, descending),
    exact: test.operands.every(isExactValue) ? [condition] : [],
  };
}

interface Edge {
  readonly value: Value;
  readonly inclusive: boolean;
}

/** Below every number but NaN. */
const ABOVE_NAN = successor(encodeKey(Number.NaN));

function ascending(lower: Edge | null, upper: Edge | null, type: Value): { low: Buffer; high: Buffer } {
  const bounds = typeBounds(type);
  const lowest = isNum(type) ? ABOVE_NAN : bounds.low;
  const low = lower ? encodeKey(lower.value) : lowest;
  const high = upper ? encodeKey(upper.value) : bounds.high;
  return {
    low: lower && !lower.inclusive ? successor(low) : low,
    high: upper?.inclusive ? successor(high) : high,
  };
}

const invert = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => ~byte & 0xff));

function descendingBounds(lower: Edge | null, upper: Edge | null, type: Value): { low: Buffer; high: Buffer } {
  const first = invert(typeBounds(type).low);
  const lowest = isNum(type) ? invert(encodeKey(Number.NaN)) : successor(first);
  const low = upper ? invert(encodeKey(upper.value)) : first;
  const high = lower ? invert(encodeKey(lower.value)) : lowest;
  return {
    low: upper && !upper.inclusive ? successor(low) : low,
    high: lower?.inclusive ? successor(high) : high,
  };
}

function isRangeOperand(value: Value): boolean {
  return isPlain(value) && value !== null && !(isNum(value) && isNaNValue(value));
}

interface Sides {
  readonly lower: Condition | null;
  readonly upper: Condition | null;
}

function edgeOf(condition: Condition | null): Edge | null {
  const test = condition?.test;
  if (!test || !('operand' in test)) return null;
  return { value: test.operand, inclusive: test.op === 'gte' || test.op === 'lte' };
}

function rangeBounds({ lower, upper }: Sides, descending: boolean): Bounds | null {
  const low = edgeOf(lower);
  const high = edgeOf(upper);
  const type = (low ?? high)?.value;
  if (type === undefined) return null;
  const sameType = !low || !high || typeBounds(low.value).low.equals(typeBounds(high.value).low);
  const exact = [lower, upper].filter((condition) => condition !== null);
  if (!sameType) return { intervals: [], exact: [] };
  const { low: from, high: to } = (descending ? descendingBounds : ascending)(low, high, type);
  return { intervals: Buffer.compare(from, to) < 0 ? [{ low: from, high: to, point: false }] : [], exact };
}

/** Strings that begin with the prefix, and stored regular expressions, which a pattern can equal. */
function prefixBounds(condition: Condition, descending: boolean): Bounds | null {
  const { test } = condition;
  if (test.op !== 'regex' || test.pattern.prefix === null) return null;
  const text = encodePrefix(test.pattern.prefix);
  const low = descending ? invert(text) : text;
  const regexes = typeBounds(new BSONRegExp('', ''));
  const other = descending ? invert(regexes.low) : regexes.low;
  return {
    intervals: [
      { low, high: successor(low), point: false },
      { low: other, high: successor(other), point: false },
    ].sort(byLow),
    exact: [],
  };
}

/**
 * The intervals that the conditions on one path leave. On a path with arrays only one condition counts: different
 * elements can meet different conditions.
 */
export function boundsOf(conditions: readonly Condition[], descending: boolean, multikey: boolean): Bounds | null {
  for (const op of ['eq', 'in']) {
    for (const condition of conditions) {
      const bounds = condition.test.op === op ? pointBounds(condition, descending) : null;
      if (bounds) return bounds;
    }
  }
  const usable = conditions.filter(({ test }) => 'operand' in test && isRangeOperand(test.operand));
  const lower = usable.find(({ test }) => test.op === 'gt' || test.op === 'gte') ?? null;
  const upper = usable.find(({ test }) => test.op === 'lt' || test.op === 'lte') ?? null;
  const range = rangeBounds(multikey && lower ? { lower, upper: null } : { lower, upper }, descending);
  if (range) return range;
  for (const condition of conditions) {
    const bounds = prefixBounds(condition, descending);
    if (bounds) return bounds;
  }
  return null;
}
