import { type Id, type Row, toId, toRow } from '../ids.js';
import { type Connection } from 'mongoose';

interface StoredCheckpoint {
  /** The process. */
  _id: Id;
  /** Every message of that process with an id before this time is projected. */
  time: Date;
  /** How often the process has written it: a live process keeps raising it. */
  beat: number;
  /** Since when it has not advanced, as far as others have seen. */
  stillSince: Date | null;
}

export type CheckpointRow = Row<StoredCheckpoint>;

/** The checkpoints of all processes. */
export interface CheckpointRepository {
  all(): Promise<CheckpointRow[]>;
  write(row: CheckpointRow): Promise<void>;
  /** Advances a checkpoint of another process, if that process has not written it meanwhile. */
  advance(seen: CheckpointRow, change: { time: Date; stillSince: Date }): Promise<void>;
  remove(seen: CheckpointRow): Promise<void>;
}

export function createCheckpointRepository(connection: Connection): CheckpointRepository {
  const checkpoints = connection.collection<StoredCheckpoint>('checkpoints');
  return {
    all: () => checkpoints.find({}).sort({ _id: 1 }).map(toRow).toArray(),
    async write({ _id, ...rest }) {
      await checkpoints.updateOne({ _id: toId(_id) }, { $set: rest }, { upsert: true });
    },
    async advance({ _id, beat }, change) {
      await checkpoints.updateOne({ _id: toId(_id), beat }, { $set: change });
    },
    async remove({ _id, beat }) {
      await checkpoints.deleteOne({ _id: toId(_id), beat });
    },
  };
}
