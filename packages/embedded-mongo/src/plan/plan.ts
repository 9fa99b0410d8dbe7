/** Choosing how to find the documents of a query. */
import { CommandError } from '../errors.js';
import { type Doc, isDoc, type Value } from '../bson/value.js';
import type { QueryNode } from '../match/query-node.js';
import { isEqual } from '../order/compare.js';
import type { SortPattern } from '../order/index-keys.js';
import { maxKeyBytes, successor } from '../store/bytes.js';
import type { KeyRange } from '../store/environment.js';
import { type Index, primaryIndex, type Table } from '../store/table.js';
import { type Bounds, boundsOf, type Condition, conditionsOf, type Interval } from './conditions.js';
import { type Coverage, coverageOf } from './coverage.js';

export interface IndexPlan {
  kind: 'index';
  index: Index;
  /** Disjoint, in key order. */
  ranges: readonly KeyRange[];
  reverse: boolean;
  /** The length of the key that each range has of its own, before the field that it bounds. */
  prefixLengths: readonly number[];
  /** True if the ranges must be merged to keep the order. */
  merge: boolean;
  /** Set when the field behind the ranges is bounded too. */
  skip: Skip | null;
  /** True if every row of the ranges is a result, without looking at the document. */
  exact: boolean;
  /** True if the rows come in the order that was asked for. */
  sorted: boolean;
  /** True if a document can come more than once. */
  dedupe: boolean;
  /** True if all documents are gone through for the sake of some: no condition of the query bounds the index. */
  readsWholeIndex: boolean;
}

/** What tells, of the rows of a range, where the next one is that can be a result. */
export interface Skip {
  /** Whether the field of the range is descending. */
  descending: boolean;
  /** What the field behind it may be: disjoint, in key order. */
  intervals: readonly Interval[];
}

export type Plan =
  | IndexPlan
  | { kind: 'union'; plans: readonly IndexPlan[]; sorted: false; exact: false }
  | { kind: 'scan'; sorted: boolean; exact: boolean; reverse: boolean };

const maxRanges = 2000;
/** The score of going through a whole index that leaves nothing out, in an order nobody asked for. */
const minScore = 1;

interface Candidate {
  plan: IndexPlan;
  score: number;
}

interface IndexBounds {
  ranges: KeyRange[];
  prefixLengths: number[];
  /** Fields from the front that are bound to points, and how many of those to a single one. */
  pointFields: number;
  single: readonly boolean[];
  bounded: number;
  exact: Condition[];
  skip: Skip | null;
}

const extendPrefixes = (prefixes: readonly Buffer[], points: readonly Interval[]): Buffer[] =>
  prefixes.flatMap((prefix) => points.map((point) => Buffer.concat([prefix, point.low])));

function toRanges(
  prefixes: readonly Buffer[],
  intervals: readonly Interval[] | null,
): Pick<IndexBounds, 'ranges' | 'prefixLengths'> {
  const ranges: KeyRange[] = [];
  const prefixLengths: number[] = [];
  for (const prefix of prefixes) {
    const parts = intervals?.map(({ low, high }) => ({
      start: Buffer.concat([prefix, low]),
      end: Buffer.concat([prefix, high]),
    })) ?? [{ start: prefix, end: successor(prefix) }];
    for (const range of parts) {
      ranges.push(range);
      prefixLengths.push(prefix.length);
    }
  }
  return { ranges, prefixLengths };
}

/**
 * The bounds of a field, or null. Of fields that pass the same array only the first that is bounded has some: different
 * elements can meet the conditions.
 */
function boundsAt(index: Index, field: number, conditions: readonly Condition[]): Bounds | null {
  const multikey = index.multikey[field] ?? false;
  if (multikey && index.multikey.slice(0, field).includes(true)) return null;
  const own = conditions.filter((condition) => condition.path === index.paths[field]);
  return boundsOf(own, index.descending[field] ?? false, multikey);
}

/** What the field behind one with intervals leaves of them. */
function skipOf(index: Index, field: number, conditions: readonly Condition[]): Skip | null {
  const bounds = field + 1 < index.paths.length ? boundsAt(index, field + 1, conditions) : null;
  return bounds && { descending: index.descending[field] ?? false, intervals: bounds.intervals };
}

/** Walks the fields of an index: points in front, then at most one field with intervals, and one that leaves some of them. */
function indexBoundsOf(index: Index, conditions: readonly Condition[]): IndexBounds {
  let prefixes: Buffer[] = [index.prefix];
  const single: boolean[] = [];
  const exact: Condition[] = [];
  for (const field of index.paths.keys()) {
    const multikey = index.multikey[field] ?? false;
    const bounds = boundsAt(index, field, conditions);
    if (!bounds) break;
    const isPoints = bounds.intervals.every(({ isPoint }) => isPoint);
    if (prefixes.length * bounds.intervals.length > maxRanges) break;
    if (!multikey) exact.push(...bounds.exact);
    if (!isPoints || !bounds.intervals.length) {
      const shape = { pointFields: single.length, single, bounded: single.length + 1, exact };
      return { ...toRanges(prefixes, bounds.intervals), ...shape, skip: skipOf(index, field, conditions) };
    }
    prefixes = extendPrefixes(prefixes, bounds.intervals);
    single.push(bounds.intervals.length === 1);
  }
  return { ...toRanges(prefixes, null), pointFields: single.length, single, bounded: single.length, exact, skip: null };
}

interface SortMatch {
  reverse: boolean;
  /** Whether ranges must be merged: the order begins behind fields with several points. */
  merge: boolean;
}

/** Whether the index gives the order of the sort, with fields that are bound to one value left aside. */
function matchSort(index: Index, shape: IndexBounds, sort: SortPattern): SortMatch | null {
  const isFixed = (path: string): boolean => shape.single[index.paths.indexOf(path)] ?? false;
  const wanted = sort.paths
    .map((path, at) => ({ path, descending: sort.descending[at] ?? false }))
    .filter(({ path }) => !isFixed(path));
  for (const start of [shape.single.findIndex((single) => !single), shape.pointFields]) {
    const from = start < 0 ? shape.pointFields : start;
    const fit = matchSortFrom(index, from, { wanted, isFixed });
    if (fit !== null) return { reverse: fit, merge: from === shape.pointFields && shape.single.includes(false) };
  }
  return null;
}

interface SortRemainder {
  wanted: readonly { path: string; descending: boolean }[];
  isFixed: (path: string) => boolean;
}

function matchSortFrom(index: Index, from: number, { wanted, isFixed }: SortRemainder): boolean | null {
  let field = from;
  let reverse: boolean | null = null;
  for (const { path, descending } of wanted) {
    while (field < index.paths.length && index.paths[field] !== path && isFixed(index.paths[field] ?? '')) field++;
    if (index.paths[field] !== path || index.multikey[field]) return null;
    const turned = descending !== (index.descending[field] ?? false);
    if (reverse !== null && reverse !== turned) return null;
    reverse = turned;
    field++;
  }
  return reverse ?? false;
}

interface PlanRequest {
  node: QueryNode;
  conditions: readonly Condition[];
  sort: SortPattern | null;
}

/** Every conjunct that is a plain condition, or null if the query has others (`$or`, `$nor`, `$expr`). */
function plainConjuncts(node: QueryNode): QueryNode[] | null {
  const parts = node.kind === 'and' ? node.nodes : [node];
  return parts.every((part) => part.kind === 'leaf') ? [...parts] : null;
}

/** How good an index is: by its bounds, and by what else speaks for it. */
function totalScore(bounds: number, merits: readonly (readonly [worth: number, applies: boolean])[]): number {
  return merits.reduce((sum, [worth, applies]) => sum + (applies ? worth : 0), bounds);
}

function candidateOf(index: Index, { node, conditions, sort }: PlanRequest): Candidate | null {
  const covered = coverageOf(index, conditions);
  if (!covered || !index.ready) return null;
  const shape = indexBoundsOf(index, conditions);
  if (shape.ranges.some(({ start, end }) => start.length > maxKeyBytes || end.length > maxKeyBytes)) return null;
  const fit = sort ? matchSort(index, shape, sort) : { reverse: false, merge: false };
  const known = new Set([...shape.exact, ...covered.exact].map((condition) => condition.node));
  const exact = plainConjuncts(node)?.every((part) => known.has(part)) ?? false;
  const free = index.multikey.some((multikey, field) => multikey && !shape.single[field]);
  const bounds = 10 * shape.pointFields + 6 * (shape.bounded - shape.pointFields);
  const score = totalScore(bounds, [
    [5, sort !== null && fit !== null],
    [4, covered.isSelective],
    [100, index.unique && shape.pointFields === index.paths.length],
    [1, exact],
  ]);
  const plan: IndexPlan = {
    kind: 'index',
    index,
    ranges: shape.ranges,
    reverse: fit?.reverse ?? false,
    prefixLengths: shape.prefixLengths,
    merge: fit?.merge ?? false,
    skip: shape.skip,
    exact,
    sorted: fit !== null,
    dedupe: free,
    readsWholeIndex: bounds === 0 && readsWholeIndex(covered, node),
  };
  return { plan, score };
}

/** The index that a hint names, by name or by key. Throws 2 if there is none; null for `$natural`. */
function findHinted(table: Table, hint: Value, indexes: readonly Index[]): Index | null {
  if (isDoc(hint) && '$natural' in hint) return null;
  const found = indexes.find(({ name, key }) => (typeof hint === 'string' ? name === hint : sameKey(key, hint)));
  if (!found)
    throw new CommandError(
      2,
      `error processing query: ns=${table.db}.${table.name}: hint provided does not correspond to an existing index`,
    );
  return found;
}

function sameKey(key: Doc, hint: Value): boolean {
  return isEqual(key, hint);
}

function planUnion(node: QueryNode, indexes: readonly Index[]): Plan | null {
  const parts = node.kind === 'and' ? node.nodes : [node];
  for (const part of parts) {
    if (part.kind !== 'or') continue;
    const others = parts.filter((other) => other !== part);
    const plans: IndexPlan[] = [];
    for (const branch of part.nodes) {
      const whole: QueryNode = { kind: 'and', nodes: [branch, ...others] };
      const best = bestIndexPlan(indexes, { node: whole, conditions: conditionsOf(whole), sort: null });
      if (best) plans.push(best);
    }
    if (plans.length === part.nodes.length) return { kind: 'union', plans, sorted: false, exact: false };
  }
  return null;
}

function bestIndexPlan(indexes: readonly Index[], question: PlanRequest): IndexPlan | null {
  let best: Candidate | null = null;
  for (const index of indexes) {
    const found = candidateOf(index, question);
    if (found && found.score > (best?.score ?? minScore)) best = found;
  }
  return best?.plan ?? null;
}

/** Whether an index without bounds gives documents that the query does not want. */
const readsWholeIndex = ({ isSelective }: Coverage, node: QueryNode): boolean => !isSelective && !matchesAll(node);

const matchesAll = (node: QueryNode): boolean => node.kind === 'and' && node.nodes.length === 0;

/** Chooses the plan. `sort` null means that any order will do; `hint` forces an index (2 if it is not there). */
export function choosePlan(
  table: Table,
  node: QueryNode,
  options: { sort?: SortPattern | null; hint?: Value | undefined },
): Plan {
  const { sort = null, hint } = options;
  const indexes = [primaryIndex(table), ...table.indexes];
  const question: PlanRequest = { node, conditions: conditionsOf(node), sort };
  const scan: Plan = { kind: 'scan', sorted: sort === null, exact: matchesAll(node), reverse: false };
  if (hint !== undefined) {
    const index = findHinted(table, hint, indexes);
    const found = index && candidateOf(index, question);
    return found?.plan ?? scan;
  }
  const best = bestIndexPlan(indexes, question);
  // An order is worth less than bounds: to go through a whole index for it is the last resort before a scan.
  if (best && !best.readsWholeIndex) return best;
  return planUnion(node, indexes) ?? best ?? scan;
}
