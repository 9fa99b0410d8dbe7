/** What the rows of the log have in common, whichever collection they are in. */
import type { Collection, Types } from 'mongoose';
import { durable, majority } from '../drivers/concerns.js';
import { inTime } from '../kernel/patience.js';
import { type Inserted, type LogRow, outcomeOf } from './entry.js';

export interface LogRows<Row extends LogRow> {
  /** Inserts in order with a journaled majority write, and stops at the first failure; no answer is an unknown outcome. */
  insertInOrder(rows: readonly Row[]): Promise<Inserted>;
  /** Rows by the time of their ids, from `after` on. */
  since(after: Types.ObjectId | null, limit: number): Promise<Row[]>;
}

/** Gives what one collection of the log shares with the others. */
export function logRowsOf<Row extends LogRow>(rows: Collection<Row>): LogRows<Row> {
  return {
    async insertInOrder(some) {
      try {
        const items = [...some] as unknown as Parameters<typeof rows.insertMany>[0];
        await inTime(rows.insertMany(items, { ordered: true, ...durable }));
        return { outcome: 'all' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    since: (after, limit) =>
      rows
        .find((after ? { _id: { $gt: after } } : {}) as Parameters<typeof rows.find>[0], majority)
        .sort({ _id: 1 })
        .limit(limit)
        .toArray() as Promise<Row[]>,
  };
}
