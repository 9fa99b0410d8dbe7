/** The plan that an index offers for a query, with a score to compare it by. */
import type { QueryNode } from '../match/query-node.js';
import type { SortPattern } from '../order/sort-pattern.js';
import { maxKeyBytes } from '../store/bytes.js';
import type { Index } from '../store/table.js';
import type { Condition } from './conditions.js';
import { coverageOf } from './coverage.js';
import { indexBoundsOf, type IndexBounds } from './index-bounds.js';
import type { IndexPlan } from './plan.js';

export interface PlanRequest {
  node: QueryNode;
  conditions: readonly Condition[];
  sort: SortPattern | null;
}

export interface Candidate {
  plan: IndexPlan;
  score: number;
}

interface SortMatch {
  reverse: boolean;
  /** True if ranges must be merged: the order begins after fields with several points. */
  merge: boolean;
}

interface SortRemainder {
  fields: readonly { path: string; descending: boolean }[];
  isSinglePoint: (path: string) => boolean;
}

/** Matches the sort against the index fields from `start` on. Returns whether to read in reverse, or null for no match. */
function matchSortFrom(index: Index, start: number, { fields, isSinglePoint }: SortRemainder): boolean | null {
  let at = start;
  let reverse: boolean | null = null;
  for (const { path, descending } of fields) {
    while (at < index.paths.length && index.paths[at] !== path && isSinglePoint(index.paths[at] ?? '')) at++;
    if (index.paths[at] !== path || index.multikey[at]) return null;
    const isReversed = descending !== (index.descending[at] ?? false);
    if (reverse !== null && reverse !== isReversed) return null;
    reverse = isReversed;
    at++;
  }
  return reverse ?? false;
}

/** Returns how the index gives the order of the sort, or null. Fields that are bounded to one value do not count. */
function matchSort(index: Index, bounds: IndexBounds, sort: SortPattern): SortMatch | null {
  const isSinglePoint = (path: string): boolean => bounds.single[index.paths.indexOf(path)] ?? false;
  const fields = sort.paths
    .map((path, at) => ({ path, descending: sort.descending[at] ?? false }))
    .filter(({ path }) => !isSinglePoint(path));
  const severalPoints = bounds.single.indexOf(false);
  for (const start of [severalPoints < 0 ? bounds.pointFields : severalPoints, bounds.pointFields]) {
    const reverse = matchSortFrom(index, start, { fields, isSinglePoint });
    if (reverse !== null) return { reverse, merge: start === bounds.pointFields && severalPoints >= 0 };
  }
  return null;
}

export const matchesAll = (node: QueryNode): boolean => node.kind === 'and' && node.nodes.length === 0;

/** True if the conditions express the whole query. `$or`, `$nor` and `$expr` are never expressed by conditions. */
function isExact(node: QueryNode, exact: readonly Condition[]): boolean {
  const conjuncts = node.kind === 'and' ? node.nodes : [node];
  const nodes = new Set(exact.map((condition) => condition.node));
  return conjuncts.every((conjunct) => conjunct.kind === 'leaf' && nodes.has(conjunct));
}

function totalScore(bounds: number, bonuses: readonly (readonly [points: number, applies: boolean])[]): number {
  return bonuses.reduce((sum, [points, applies]) => sum + (applies ? points : 0), bounds);
}

/** Plans the query on one index. Returns null if the index is still being built or may lack results. */
export function candidateOf(index: Index, { node, conditions, sort }: PlanRequest): Candidate | null {
  const coverage = coverageOf(index, conditions);
  if (!coverage || !index.ready) return null;
  const bounds = indexBoundsOf(index, conditions);
  if (bounds.ranges.some(({ start, end }) => start.length > maxKeyBytes || end.length > maxKeyBytes)) return null;
  const order = sort ? matchSort(index, bounds, sort) : { reverse: false, merge: false };
  const exact = isExact(node, [...bounds.exact, ...coverage.exact]);
  const boundsScore = 10 * bounds.pointFields + 6 * (bounds.boundedFields - bounds.pointFields);
  const score = totalScore(boundsScore, [
    [5, sort !== null && order !== null],
    [4, coverage.isSelective],
    [100, index.unique && bounds.pointFields === index.paths.length],
    [1, exact],
  ]);
  const plan: IndexPlan = {
    kind: 'index',
    index,
    ranges: bounds.ranges,
    reverse: order?.reverse ?? false,
    prefixLengths: bounds.prefixLengths,
    merge: order?.merge ?? false,
    skip: bounds.skip,
    exact,
    sorted: order !== null,
    dedupe: index.multikey.some((multikey, field) => multikey && !bounds.single[field]),
    readsWholeIndex: boundsScore === 0 && !coverage.isSelective && !matchesAll(node),
  };
  return { plan, score };
}
