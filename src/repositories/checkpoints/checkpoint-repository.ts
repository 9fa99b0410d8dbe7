import type { Types } from 'mongoose';
import { type Connection } from 'mongoose';

export interface CheckpointRow {
  /** The process. */
  _id: Types.ObjectId;
  /** Every message of that process with an id before this time is projected. */
  time: Date;
  /** How often the process has written it: a live process keeps raising it. */
  beat: number;
  /** Since when it has not advanced, as far as others have seen. */
  stillSince: Date | null;
}

/** The checkpoints of all processes. */
export interface CheckpointRepository {
  all(): Promise<CheckpointRow[]>;
  write(row: CheckpointRow): Promise<void>;
  /** Advances a checkpoint of another process, if that process has not written it meanwhile. */
  advance(seen: CheckpointRow, change: { time: Date; stillSince: Date }): Promise<void>;
  remove(seen: CheckpointRow): Promise<void>;
}

export function createCheckpointRepository(connection: Connection): CheckpointRepository {
  const checkpoints = connection.collection<CheckpointRow>('checkpoints');
  return {
    all: () => checkpoints.find({}).sort({ _id: 1 }).toArray(),
    async write({ _id, ...rest }) {
      await checkpoints.updateOne({ _id }, { $set: rest }, { upsert: true });
    },
    async advance({ _id, beat }, change) {
      await checkpoints.updateOne({ _id, beat }, { $set: change });
    },
    async remove({ _id, beat }) {
      await checkpoints.deleteOne({ _id, beat });
    },
  };
}
