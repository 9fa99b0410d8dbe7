/** The first or the last row of each group straight from an index: from group to group, without reading the rest. */
import type { Doc, Value } from '../bson/value.js';
import { decode } from '../bson/decode.js';
import type { Scope } from '../expressions/expression.js';
import { matchesQuery, type QueryNode } from '../match/query-node.js';
import { encodeValues } from '../order/encode-key.js';
import { documentKeys } from '../order/index-keys.js';
import type { SortPattern } from '../order/sort-pattern.js';
import { choosePlan } from '../plan/choose-plan.js';
import type { IndexPlan } from '../plan/plan.js';
import { pause, type Pausable, type TimeSlice } from '../plan/time-slice.js';
import { asBuffer, successor } from '../store/bytes.js';
import { entries, type KeyRange } from '../store/environment.js';
import { dataKey, idOfEntry } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Table } from '../store/table.js';
import { compileGroup, parseGroup } from './group.js';
import type { StageContext, StageSpec } from './stage.js';

interface ReadContext {
  store: Store;
  table: Table;
  node: QueryNode;
  timeSlice: TimeSlice;
  hint: Value | undefined;
}

interface GroupScan {
  plan: IndexPlan;
  /** How many fields of the index make the group. */
  depth: number;
}

/** The path that the stage groups by if all it keeps of a group is one end of it. */
function parseFirstOrLast([, operand]: StageSpec, scope: Scope): { path: string; last: boolean } | null {
  const { id, fields } = parseGroup(operand, scope);
  if (typeof id !== 'string' || !/^\$[^$]/.test(id)) return null;
  const operators = new Set(fields.map(({ operator }) => operator));
  if (operators.size !== 1 || (!operators.has('$first') && !operators.has('$last'))) return null;
  return { path: id.slice(1), last: operators.has('$last') };
}

const reverseSort = (sort: SortPattern): SortPattern => ({ ...sort, descending: sort.descending.map((is) => !is) });

function planGroupScan(place: ReadContext, sort: SortPattern, path: string): GroupScan | null {
  const plan = choosePlan(place.table, place.node, { sort, hint: place.hint });
  if (plan.kind !== 'index' || !plan.sorted || plan.merge || plan.index.id === place.table.id) return null;
  const depth = plan.index.paths.indexOf(path) + 1;
  const isWhole = !plan.index.multikey.slice(0, depth).includes(true) && !plan.dedupe;
  return depth && isWhole && plan.ranges.length === 1 ? { plan, depth } : null;
}

/** The bytes with which all entries of the document's group begin. */
function groupPrefix({ plan: { index }, depth }: GroupScan, doc: Doc): Buffer {
  const [tuple = []] = documentKeys(doc, index.paths.slice(0, depth), index.parts.slice(0, depth)).tuples;
  return Buffer.concat([index.prefix, encodeValues(tuple, index.descending)]);
}

function* scanGroups(place: ReadContext, walk: GroupScan): Pausable<Doc> {
  const { plan } = walk;
  let range: KeyRange | undefined = plan.ranges[0];
  while (range) {
    const { start, end }: KeyRange = range;
    range = undefined;
    for (const { key, value } of entries(place.store.data, { start, end }, plan.reverse)) {
      if (place.timeSlice.isOver()) yield pause;
      const raw = place.store.data.get(dataKey(place.table, idOfEntry(key, value)));
      const doc = raw && decode(asBuffer(raw));
      if (!doc || !matchesQuery(place.node, doc)) continue;
      yield doc;
      const prefix = groupPrefix(walk, doc);
      // An entry that a write in between has moved is behind us; reading on from it skips nothing.
      const isHere = key.subarray(0, prefix.length).equals(prefix);
      if (isHere) range = plan.reverse ? { start, end: prefix } : { start: successor(prefix), end };
      if (range) break;
    }
  }
}

/** Documents, one for each group, of `$sort` and `$group` with nothing but `$first` or `$last`; null if no index gives them. */
export function firstLastGroups(
  place: ReadContext,
  sort: SortPattern,
  group: StageSpec,
  context: StageContext,
): Pausable<Doc> | null {
  const grouped = parseFirstOrLast(group, context.scope);
  if (!grouped || sort.paths[0] !== grouped.path) return null;
  const walk = planGroupScan(place, grouped.last ? reverseSort(sort) : sort, grouped.path);
  return walk && compileGroup(group[1], context)(scanGroups(place, walk));
}
