/** Reads the first or last row of each group straight from an index, without the rows in between. */
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
  /** The number of index fields up to and including the group's. */
  depth: number;
}

/** Returns the path that the stage groups by if it uses only `$first` or only `$last`, else null. */
function parseFirstOrLast([, operand]: StageSpec, scope: Scope): { path: string; isLast: boolean } | null {
  const { id, fields } = parseGroup(operand, scope);
  if (typeof id !== 'string' || !/^\$[^$]/.test(id)) return null;
  const operators = new Set(fields.map(({ operator }) => operator));
  if (operators.size !== 1 || (!operators.has('$first') && !operators.has('$last'))) return null;
  return { path: id.slice(1), isLast: operators.has('$last') };
}

const reverseSort = (sort: SortPattern): SortPattern => ({
  ...sort,
  descending: sort.descending.map((descending) => !descending),
});

function planGroupScan(read: ReadContext, sort: SortPattern, path: string): GroupScan | null {
  const plan = choosePlan(read.table, read.node, { sort, hint: read.hint });
  if (plan.kind !== 'index' || !plan.sorted || plan.merge || plan.index.id === read.table.id) return null;
  const depth = plan.index.paths.indexOf(path) + 1;
  const isWhole = !plan.index.multikey.slice(0, depth).includes(true) && !plan.dedupe;
  return depth && isWhole && plan.ranges.length === 1 ? { plan, depth } : null;
}

/** Returns the bytes that begin all entries of the document's group. */
function groupPrefix({ plan: { index }, depth }: GroupScan, doc: Doc): Buffer {
  const [tuple = []] = documentKeys(doc, index.paths.slice(0, depth), index.parts.slice(0, depth)).tuples;
  return Buffer.concat([index.prefix, encodeValues(tuple, index.descending)]);
}

function* scanGroups(read: ReadContext, scan: GroupScan): Pausable<Doc> {
  const { plan } = scan;
  let range: KeyRange | undefined = plan.ranges[0];
  while (range) {
    const { start, end }: KeyRange = range;
    range = undefined;
    for (const { key, value } of entries(read.store.data, { start, end }, plan.reverse)) {
      if (read.timeSlice.isOver()) yield pause;
      const raw = read.store.data.get(dataKey(read.table, idOfEntry(key, value)));
      const doc = raw && decode(asBuffer(raw));
      if (!doc || !matchesQuery(read.node, doc)) continue;
      yield doc;
      const prefix = groupPrefix(scan, doc);
      // A write during a pause can move the document to a group that is already behind; then reading on skips nothing.
      const isCurrent = key.subarray(0, prefix.length).equals(prefix);
      if (isCurrent) range = plan.reverse ? { start, end: prefix } : { start: successor(prefix), end };
      if (range) break;
    }
  }
}

/** Runs a `$sort` and a `$group` with only `$first` or only `$last` on an index. Returns null if no index serves them. */
export function firstLastGroups(
  read: ReadContext,
  sort: SortPattern,
  group: StageSpec,
  context: StageContext,
): Pausable<Doc> | null {
  const grouped = parseFirstOrLast(group, context.scope);
  if (!grouped || sort.paths[0] !== grouped.path) return null;
  const scan = planGroupScan(read, grouped.isLast ? reverseSort(sort) : sort, grouped.path);
  return scan && compileGroup(group[1], context)(scanGroups(read, scan));
}
