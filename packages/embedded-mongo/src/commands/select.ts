/** The rows of a query in the order asked for, with skip and limit. */
import { CommandError } from '../errors.js';
import type { Doc, Value } from '../bson/value.js';
import { compareTuples, sortTuple } from '../order/sort-pattern.js';
import type { KeyTuple } from '../order/index-keys.js';
import type { SortPattern } from '../order/sort-pattern.js';
import type { QueryNode } from '../match/query-node.js';
import { choosePlan } from '../plan/choose-plan.js';
import type { Plan } from '../plan/plan.js';
import { pause } from '../plan/time-slice.js';
import { runPlan } from '../plan/rows.js';
import type { TimeSlice, Pausable } from '../plan/time-slice.js';
import type { Row } from '../plan/rows.js';
import { parseSort } from '../order/sort-pattern.js';
import { maxStageBytes } from '../stages/memory-limit.js';
import type { Store } from '../store/store.js';
import type { Table } from '../store/table.js';
import type { Metrics } from './metrics.js';

export interface Selection {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly timeSlice: TimeSlice;
  readonly table: Table;
  readonly node: QueryNode;
  readonly sort: SortPattern | null;
  readonly hint?: Value | undefined;
  readonly skip?: number;
  /** 0 for no limit. */
  readonly limit?: number;
}

/** A sort that names fields, or null. `$natural` is the order of the scan. */
export function sortOf(sort: Doc): SortPattern | null {
  const names = Object.keys(sort);
  return names.length && !names.includes('$natural') ? parseSort(sort) : null;
}

interface Sortable {
  readonly tuple: KeyTuple;
  readonly bytes: number;
}

/**
 * Sorts what a source gives, keeping only the first `keep` (0: all). Stable.
 * Throws 292 when what must be kept passes 100 MB.
 */
export function* sorted<T extends Sortable>(source: Pausable<T>, pattern: SortPattern, keep: number): Pausable<T> {
  let list: T[] = [];
  let bytes = 0;
  const order = (a: T, b: T): number => compareTuples(a.tuple, b.tuple, pattern.descending);
  const shorten = (): void => {
    list = list.sort(order).slice(0, keep);
    bytes = list.reduce((sum, item) => sum + item.bytes, 0);
  };
  for (const item of source) {
    if (item === pause) {
      yield pause;
      continue;
    }
    list.push(item);
    bytes += item.bytes;
    if (keep && list.length >= keep * 2 + 64) shorten();
    if (bytes > maxStageBytes) {
      throw new CommandError(
        292,
        'Sort exceeded memory limit of 104857600 bytes; an index on the sort fields would serve it',
      );
    }
  }
  yield* keep ? list.sort(order).slice(0, keep) : list.sort(order);
}

function* sortRows(rows: Pausable<Row>, pattern: SortPattern, keep: number): Pausable<Row> {
  const withKeys = function* (): Pausable<Row & Sortable> {
    for (const row of rows) {
      if (row === pause) yield pause;
      else yield { ...row, tuple: sortTuple(row.doc(), pattern), bytes: row.raw.length + 100 };
    }
  };
  yield* sorted(withKeys(), pattern, keep);
}

function* window(rows: Pausable<Row>, skip: number, limit: number): Pausable<Row> {
  let left = limit || Infinity;
  let passed = 0;
  for (const row of rows) {
    if (row === pause) yield pause;
    else if (passed < skip) passed++;
    else {
      yield row;
      if (--left === 0) return;
    }
  }
}

/** Chooses the plan of a selection; counts it if it goes through the whole collection. */
export function planOf(selection: Selection): Plan {
  const { table, node, sort, hint, metrics } = selection;
  const plan = choosePlan(table, node, { sort, hint });
  const isScan = plan.kind === 'scan' || (plan.kind === 'index' && plan.readsWholeIndex);
  if (isScan && table.id) metrics.scanned(`${table.db}.${table.name}`);
  return plan;
}

/** Runs a selection, by the plan that was chosen for it. */
export function select(selection: Selection, plan: Plan = planOf(selection)): Pausable<Row> {
  const { sort, skip = 0, limit = 0 } = selection;
  const rows = runPlan(selection, plan);
  const ordered = sort && !plan.sorted ? sortRows(rows, sort, limit && skip + limit) : rows;
  return skip || limit ? window(ordered, skip, limit) : ordered;
}
