/** The ways to find the documents of a query. */
import type { KeyRange } from '../store/environment.js';
import type { Index } from '../store/table.js';
import type { Interval } from './conditions.js';

export interface IndexPlan {
  kind: 'index';
  index: Index;
  /** Disjoint, in key order. */
  ranges: readonly KeyRange[];
  reverse: boolean;
  /** For each range, the length of the key prefix in front of the bounded field. */
  prefixLengths: readonly number[];
  /** True if the ranges must be merged to keep the order. */
  merge: boolean;
  /** Set when the field after the ranges is bounded too. */
  skip: Skip | null;
  /** True if every row of the ranges is a result, so that no document has to be matched. */
  exact: boolean;
  /** True if the rows come in the requested order. */
  sorted: boolean;
  /** True if a document can occur more than once. */
  dedupe: boolean;
  /** True if no condition bounds the index, so that all documents are read to find some. */
  readsWholeIndex: boolean;
}

/** Lets a range scan jump from a row straight to the next one that can be a result. */
export interface Skip {
  /** Whether the field of the range is descending. */
  descending: boolean;
  /** The intervals of the field after it: disjoint, in key order. */
  intervals: readonly Interval[];
}

export interface UnionPlan {
  kind: 'union';
  plans: readonly IndexPlan[];
  sorted: false;
  exact: false;
}

export interface ScanPlan {
  kind: 'scan';
  sorted: boolean;
  exact: boolean;
  reverse: boolean;
}

export type Plan = IndexPlan | UnionPlan | ScanPlan;
