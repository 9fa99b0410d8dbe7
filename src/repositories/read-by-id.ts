import type { Collection } from 'mongoose';
import { createBatchedRead } from '../kernel/batch.js';
import { type Id, type Row, toIds, toRow } from './ids.js';

/** Creates the read of a row by its id; all reads of one turn are one query. */
export function createReadById<Stored extends { _id: Id }>(
  collection: Collection<Stored>,
): (id: string) => Promise<Row<Stored> | null> {
  type Filter = Parameters<typeof collection.find>[0];

  return createBatchedRead(async (ids) => {
    const found = await collection.find({ _id: { $in: toIds(ids) } } as Filter).toArray();
    return new Map(found.map((stored) => [stored._id.toHexString(), toRow(stored as Stored)]));
  });
}
