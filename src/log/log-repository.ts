/** What the rows of the log have in common, whichever collection they are in. */
import type { Collection, Types } from 'mongoose';
import { durable, majority } from '../drivers/concerns.js';
import { withTimeout } from '../kernel/timeouts.js';
import { type Inserted, type LogRow, outcomeOf } from './entry.js';

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
