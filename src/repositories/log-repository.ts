/** What the rows of the log have in common, whichever collection they are in. */
import type { Collection, Types } from 'mongoose';
import { durable, majority } from './concerns.js';
import { withTimeout } from '../kernel/timeouts.js';

export interface LogRepository<Row extends LogRow> {
  /** Inserts in order with a journaled majority write, and stops at the first failure; no answer is an unknown outcome. */
  insertInOrder(rows: readonly Row[]): Promise<Inserted>;
  /** Rows by the time of their ids, from `after` on. */
  since(after: Types.ObjectId | null, limit: number): Promise<Row[]>;
}

/** Gives what one collection of the log shares with the others. */
export function createLogRepository<Row extends LogRow>(collection: Collection<Row>): LogRepository<Row> {
  return {
    async insertInOrder(some) {
      try {
        const items = [...some] as unknown as Parameters<typeof collection.insertMany>[0];
        await withTimeout(collection.insertMany(items, { ordered: true, ...durable }));
        return { outcome: 'all' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    since: (after, limit) =>
      collection
        .find((after ? { _id: { $gt: after } } : {}) as Parameters<typeof collection.find>[0], majority)
        .sort({ _id: 1 })
        .limit(limit)
        .toArray() as Promise<Row[]>,
  };
}

/** What every row of the log has. Its id is made before the insert, so that it tells a repeated insert from a new one. */
export interface LogRow {
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
}

/** What the log has to find out about a batch: how far it went, and what the first failure was. */
export type Inserted =
  | { outcome: 'all' }
  /** All before `index` have landed, nothing from it on has. */
  | { outcome: 'stopped'; index: number; isDuplicate: boolean; error: unknown }
  /** Nobody knows what has landed. */
  | { outcome: 'unknown'; error: unknown };

interface StoreError {
  code?: unknown;
  writeErrors?: unknown;
  result?: { getWriteConcernError?: () => unknown };
}

/** Reads the error of a failed ordered insert; whatever is not clearly the refusal of one element is unknown. */
export function outcomeOf(error: unknown): Inserted {
  const { writeErrors, result } = error as StoreError;
  const first: unknown = Array.isArray(writeErrors) ? writeErrors[0] : writeErrors;
  if (typeof first !== 'object' || first === null || result?.getWriteConcernError?.())
    return { outcome: 'unknown', error };
  const { index, code } = first as { index?: unknown; code?: unknown };
  if (typeof index !== 'number') return { outcome: 'unknown', error };
  return { outcome: 'stopped', index, isDuplicate: code === 11000, error };
}

/** The time of the oldest of some rows: milliseconds since the epoch, as their ids carry it; null for none. */
export function oldestOf(rows: readonly LogRow[]): Date | null {
  if (rows.length === 0) return null;
  return new Date(rows.reduce((oldest, { _id }) => Math.min(oldest, _id.getTimestamp().getTime()), Infinity));
}
