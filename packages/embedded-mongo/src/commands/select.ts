/** The rows of a query in the requested order, with skip and limit. */
import type { Doc, Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import type { QueryNode } from '../match/query-node.js';
import type { KeyTuple } from '../order/index-keys.js';
import { compareTuples, parseSort, type SortPattern, sortTuple } from '../order/sort-pattern.js';
import { choosePlan } from '../plan/choose-plan.js';
import type { Plan } from '../plan/plan.js';
import { type Row, runPlan } from '../plan/rows.js';
import { type Pausable, pause, type TimeSlice } from '../plan/time-slice.js';
import { maxStageBytes } from '../stages/memory-limit.js';
import type { Store } from '../store/store.js';
import type { Table } from '../store/table.js';
import type { Metrics } from './metrics.js';

export interface Selection {
  store: Store;
  metrics: Metrics;
  timeSlice: TimeSlice;
  table: Table;
  node: QueryNode;
  sort: SortPattern | null;
  hint?: Value | undefined;
  skip?: number;
  /** 0 for no limit. */
  limit?: number;
}

interface Sortable {
  tuple: KeyTuple;
  bytes: number;
}

/** What a row in memory is assumed to take beside its bytes. */
const rowOverheadBytes = 100;

/** Reads a sort; returns null if there is none, or if it asks for the order of the scan by `$natural`. */
export function sortOf(sort: Doc): SortPattern | null {
  const names = Object.keys(sort);
  return names.length && !names.includes('$natural') ? parseSort(sort) : null;
}

/**
 * Sorts a source and keeps only the first `limit` (0: all). Stable.
 * Throws 292 if the rows to keep pass 100 MB.
 */
export function* sorted<T extends Sortable>(source: Pausable<T>, pattern: SortPattern, limit: number): Pausable<T> {
  let list: T[] = [];
  let bytes = 0;
  const order = (a: T, b: T): number => compareTuples(a.tuple, b.tuple, pattern.descending);

  function discardRest(): void {
    list = list.sort(order).slice(0, limit);
    bytes = list.reduce((sum, item) => sum + item.bytes, 0);
  }

  for (const item of source) {
    if (item === pause) {
      yield pause;
      continue;
    }
    list.push(item);
    bytes += item.bytes;
    if (limit && list.length >= limit * 2 + 64) discardRest();
    if (bytes > maxStageBytes) {
      throw new CommandError(
        292,
        'Sort exceeded memory limit of 104857600 bytes; an index on the sort fields would serve it',
      );
    }
  }
  yield* limit ? list.sort(order).slice(0, limit) : list.sort(order);
}

function* withTuples(rows: Pausable<Row>, pattern: SortPattern): Pausable<Row & Sortable> {
  for (const row of rows) {
    if (row === pause) yield pause;
    else yield { ...row, tuple: sortTuple(row.doc(), pattern), bytes: row.raw.length + rowOverheadBytes };
  }
}

function* skipAndLimit(rows: Pausable<Row>, skip: number, limit: number): Pausable<Row> {
  let left = limit || Infinity;
  let skipped = 0;
  for (const row of rows) {
    if (row === pause) yield pause;
    else if (skipped < skip) skipped++;
    else {
      yield row;
      if (--left === 0) return;
    }
  }
}

/** Chooses the plan of a selection; records a scan if it reads the whole collection. */
export function planOf({ table, node, sort, hint, metrics }: Selection): Plan {
  const plan = choosePlan(table, node, { sort, hint });
  const isScan = plan.kind === 'scan' || (plan.kind === 'index' && plan.readsWholeIndex);
  if (isScan && table.id) metrics.recordScan(`${table.db}.${table.name}`);
  return plan;
}

/** Runs a selection by its plan. */
export function select(selection: Selection, plan: Plan = planOf(selection)): Pausable<Row> {
  const { sort, skip = 0, limit = 0 } = selection;
  const rows = runPlan(selection, plan);
  const ordered = sort && !plan.sorted ? sorted(withTuples(rows, sort), sort, limit && skip + limit) : rows;
  return skip || limit ? skipAndLimit(ordered, skip, limit) : ordered;
}
