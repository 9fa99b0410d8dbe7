/** What the collections of the log have in common. */
import { type Id, timeOf, toId, toRow } from './ids.js';
import type { Collection } from 'mongoose';
import { withTimeout } from '../kernel/timeouts.js';

export interface LogRepository<Row extends LogRow> {
  /** Inserts in order and stops at the first failure. No answer in time is an unknown outcome. */
  insertInOrder(rows: readonly Row[]): Promise<InsertOutcome>;
  /** Rows in the order of their ids, behind `after`. */
  since(after: string | null, limit: number): Promise<Row[]>;
}

interface StoredLogRow {
  _id: Id;
  conversationId: Id;
}

/** Creates the part of a repository that the log uses; `toStored` is the inverse of `toRow`. */
export function createLogRepository<Stored extends StoredLogRow, LogRowOf extends LogRow>(
  collection: Collection<Stored>,
  toStored: (row: LogRowOf) => Stored,
): LogRepository<LogRowOf> {
  return {
    async insertInOrder(some) {
      try {
        const items = some.map(toStored) as unknown as Parameters<typeof collection.insertMany>[0];
        await withTimeout(collection.insertMany(items, { ordered: true }));
        return { outcome: 'all' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    since: (after, limit) =>
      collection
        .find((after ? { _id: { $gt: toId(after) } } : {}) as Parameters<typeof collection.find>[0])
        .sort({ _id: 1 })
        .limit(limit)
        .map((stored) => toRow(stored) as unknown as LogRowOf)
        .toArray(),
  };
}

/** A row of the log. Its id is created before the insert, so that a repeated insert differs from a new one. */
export interface LogRow {
  _id: string;
  conversationId: string;
  /** The number of a message; absent in a change. */
  seq?: number;
  /** The number of a change; in a message, that of its last change. */
  rev: number;
}

/** How far an ordered insert went, and the first failure. */
export type InsertOutcome =
  | { outcome: 'all' }
  /** All rows before `index` are committed, none from there on. */
  | { outcome: 'stopped'; index: number; isDuplicate: boolean; error: unknown }
  /** It is not known which rows are committed. */
  | { outcome: 'unknown'; error: unknown };

interface StoreError {
  code?: unknown;
  writeErrors?: unknown;
  result?: { getWriteConcernError?: () => unknown };
}

/** Interprets the error of an ordered insert: everything but the clear refusal of one element is an unknown outcome. */
export function outcomeOf(error: unknown): InsertOutcome {
  const { writeErrors, result } = error as StoreError;
  const first: unknown = Array.isArray(writeErrors) ? writeErrors[0] : writeErrors;
  if (typeof first !== 'object' || first === null || result?.getWriteConcernError?.())
    return { outcome: 'unknown', error };
  const { index, code } = first as { index?: unknown; code?: unknown };
  if (typeof index !== 'number') return { outcome: 'unknown', error };
  return { outcome: 'stopped', index, isDuplicate: code === 11000, error };
}

/** The time of the oldest of some rows, as their ids carry it; null if there are none. */
export function oldestOf(rows: readonly LogRow[]): Date | null {
  if (rows.length === 0) return null;
  return new Date(rows.reduce((oldest, { _id }) => Math.min(oldest, timeOf(_id).getTime()), Infinity));
}
