import type { Types } from 'mongoose';
import { type Connection } from 'mongoose';
import { durable } from '../concerns.js';

export interface CheckpointRow {
  /** The process. */
  _id: Types.ObjectId;
  /** Every message of that process with an id before this time is projected. */
  time: Date;
  /** How often the process has written it: a process that lives raises it. */
  beat: number;
  /** Since when it stands still, as far as others have seen. */
  stillSince: Date | null;
}

/** The checkpoints of all processes. */
export interface CheckpointRepository {
  all(): Promise<CheckpointRow[]>;
  write(row: CheckpointRow): Promise<void>;
  /** Moves one that stands still, if it still does. */
  advance(seen: CheckpointRow, change: { time: Date; stillSince: Date }): Promise<void>;
  remove(seen: CheckpointRow): Promise<void>;
}

/** Gives the checkpoints on one connection. */
export function createCheckpointRepository(connection: Connection): CheckpointRepository {
  const checkpoints = connection.collection<CheckpointRow>('checkpoints');
  return {
    all: () =>
      checkpoints
        .find({}, { readConcern: { level: 'majority' } })
        .sort({ _id: 1 })
        .toArray(),
    async write({ _id, ...rest }) {
      await checkpoints.updateOne({ _id }, { $set: rest }, { upsert: true, ...durable });
    },
    async advance({ _id, beat }, change) {
      await checkpoints.updateOne({ _id, beat }, { $set: change }, durable);
    },
    async remove({ _id, beat }) {
      await checkpoints.deleteOne({ _id, beat }, durable);
    },
  };
}
