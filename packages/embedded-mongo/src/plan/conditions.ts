/** The conditions of a query that the planner can use, and the key intervals that they leave. */
import { BSONRegExp, MaxKey, MinKey } from 'bson';
import { isNaNValue } from '../bson/numbers.js';
import { isDoc, isNumeric, type Value } from '../bson/value.js';
import type { QueryNode, Predicate } from '../match/query-node.js';
import { encodeKey, encodePrefix, encodeValues, typeBounds } from '../order/encode-key.js';
import { successor } from '../store/bytes.js';

/** A predicate on a path that every result must meet. */
export interface Condition {
  path: string;
  predicate: Predicate;
  /** The node that the condition expresses; null if it is only a part of one, inside `$elemMatch`. */
  node: QueryNode | null;
}

/** Returns a condition for each conjunct of a query, and for each conjunct inside an `$elemMatch`. */
export function conditionsOf(node: QueryNode): Condition[] {
  if (node.kind === 'and') return node.nodes.flatMap(conditionsOf);
  if (node.kind === 'or' && node.nodes.length === 1) return node.nodes.flatMap(conditionsOf);
  if (node.kind !== 'leaf') return [];
  const { path, predicate } = node;
  const condition: Condition = { path, predicate, node };
  if (predicate.op !== 'elemMatch') return [condition];
  const inner = conditionsOf(predicate.node).map((part) => ({ ...part, path: `${path}.${part.path}`, node: null }));
  return [condition, ...inner];
}

/** The encodings `e` of one field with low <= e < high. A point is a single encoding. */
export interface Interval {
  low: Buffer;
  high: Buffer;
  isPoint: boolean;
}

export interface Bounds {
  /** Disjoint, in key order. */
  intervals: readonly Interval[];
  /** The conditions that the intervals express in full if no array is on the path. */
  exact: readonly Condition[];
}

/** Returns true if equality with the value selects a single point of an index. */
function isPointOperand(value: Value): boolean {
  return (
    !Array.isArray(value) && !(value instanceof BSONRegExp) && !(value instanceof MinKey) && !(value instanceof MaxKey)
  );
}

function pointInterval(value: Value, descending: boolean): Interval {
  const low = encodeValues([value], [descending]);
  return { low, high: successor(low), isPoint: true };
}

const byLow = (a: Interval, b: Interval): number => Buffer.compare(a.low, b.low);

function pointIntervals(values: readonly Value[], descending: boolean): Interval[] {
  const sorted = values.map((value) => pointInterval(value, descending)).sort(byLow);
  return sorted.filter((point, index) => index === 0 || !point.low.equals(sorted[index - 1]?.low ?? Buffer.alloc(0)));
}

const isExactValue = (value: Value): boolean => value !== null && !isDoc(value);

function pointBounds(condition: Condition, descending: boolean): Bounds | null {
  const { predicate } = condition;
  if (predicate.op === 'eq' && isPointOperand(predicate.operand)) {
    const exact = isExactValue(predicate.operand) ? [condition] : [];
    return { intervals: pointIntervals([predicate.operand], descending), exact };
  }
  if (predicate.op !== 'in' || predicate.patterns.length || !predicate.operands.every(isPointOperand)) return null;
  return {
    intervals: pointIntervals(predicate.operands, descending),
    exact: predicate.operands.every(isExactValue) ? [condition] : [],
  };
}

interface RangeEnd {
  value: Value;
  inclusive: boolean;
}

/** The lowest encoding above NaN, which is below every other number. */
const aboveNaN = successor(encodeKey(Number.NaN));

function ascendingBounds(lower: RangeEnd | null, upper: RangeEnd | null, type: Value): { low: Buffer; high: Buffer } {
  const bounds = typeBounds(type);
  const lowest = isNumeric(type) ? aboveNaN : bounds.low;
  const low = lower ? encodeKey(lower.value) : lowest;
  const high = upper ? encodeKey(upper.value) : bounds.high;
  return {
    low: lower && !lower.inclusive ? successor(low) : low,
    high: upper?.inclusive ? successor(high) : high,
  };
}

const invertBytes = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => ~byte & 0xff));

function descendingBounds(lower: RangeEnd | null, upper: RangeEnd | null, type: Value): { low: Buffer; high: Buffer } {
  const first = invertBytes(typeBounds(type).low);
  const lowest = isNumeric(type) ? invertBytes(encodeKey(Number.NaN)) : successor(first);
  const low = upper ? invertBytes(encodeKey(upper.value)) : first;
  const high = lower ? invertBytes(encodeKey(lower.value)) : lowest;
  return {
    low: upper && !upper.inclusive ? successor(low) : low,
    high: lower?.inclusive ? successor(high) : high,
  };
}

function isRangeOperand(value: Value): boolean {
  return isPointOperand(value) && value !== null && !(isNumeric(value) && isNaNValue(value));
}

interface RangeConditions {
  lower: Condition | null;
  upper: Condition | null;
}

function rangeEndOf(condition: Condition | null): RangeEnd | null {
  const predicate = condition?.predicate;
  if (!predicate || !('operand' in predicate)) return null;
  return { value: predicate.operand, inclusive: predicate.op === 'gte' || predicate.op === 'lte' };
}

function rangeBounds({ lower, upper }: RangeConditions, descending: boolean): Bounds | null {
  const low = rangeEndOf(lower);
  const high = rangeEndOf(upper);
  const type = (low ?? high)?.value;
  if (type === undefined) return null;
  const sameType = !low || !high || typeBounds(low.value).low.equals(typeBounds(high.value).low);
  const exact = [lower, upper].filter((condition) => condition !== null);
  if (!sameType) return { intervals: [], exact: [] };
  const { low: from, high: to } = (descending ? descendingBounds : ascendingBounds)(low, high, type);
  return { intervals: Buffer.compare(from, to) < 0 ? [{ low: from, high: to, isPoint: false }] : [], exact };
}

/** Bounds strings by the prefix, and includes stored regular expressions, which a pattern can equal. */
function prefixBounds(condition: Condition, descending: boolean): Bounds | null {
  const { predicate } = condition;
  if (predicate.op !== 'regex' || predicate.pattern.prefix === null) return null;
  const text = encodePrefix(predicate.pattern.prefix);
  const low = descending ? invertBytes(text) : text;
  const regexes = typeBounds(new BSONRegExp('', ''));
  const regexLow = descending ? invertBytes(regexes.low) : regexes.low;
  return {
    intervals: [
      { low, high: successor(low), isPoint: false },
      { low: regexLow, high: successor(regexLow), isPoint: false },
    ].sort(byLow),
    exact: [],
  };
}

/**
 * Returns the intervals that the conditions on one path leave. On a path with arrays only one condition counts:
 * different elements can meet different conditions.
 */
export function boundsOf(conditions: readonly Condition[], descending: boolean, multikey: boolean): Bounds | null {
  for (const op of ['eq', 'in']) {
    for (const condition of conditions) {
      const bounds = condition.predicate.op === op ? pointBounds(condition, descending) : null;
      if (bounds) return bounds;
    }
  }
  const usable = conditions.filter(({ predicate }) => 'operand' in predicate && isRangeOperand(predicate.operand));
  const lower = usable.find(({ predicate }) => predicate.op === 'gt' || predicate.op === 'gte') ?? null;
  const upper = usable.find(({ predicate }) => predicate.op === 'lt' || predicate.op === 'lte') ?? null;
  const range = rangeBounds(multikey && lower ? { lower, upper: null } : { lower, upper }, descending);
  if (range) return range;
  for (const condition of conditions) {
    const bounds = prefixBounds(condition, descending);
    if (bounds) return bounds;
  }
  return null;
}
