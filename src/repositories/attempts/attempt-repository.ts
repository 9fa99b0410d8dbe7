import mongoose, { type Connection } from 'mongoose';
import { isDuplicateKey } from '../errors.js';

interface AttemptRow {
  _id: string;
  /** Milliseconds since the epoch: until when a bucket is used up, or when a window ends. */
  until: number;
  count: number;
  purgeAt: Date;
}

const schema = new mongoose.Schema<AttemptRow>(
  {
    _id: { type: String, required: true },
    until: { type: Number, required: true },
    count: { type: Number, required: true },
    purgeAt: { type: Date, required: true },
  },
  { versionKey: false },
);
schema.index({ purgeAt: 1 });

/** Attempts that are limited, kept in the database so that a restart resets no limit. */
export interface AttemptRepository {
  /**
   * Takes one from a bucket that allows `burst` at once and then one each `intervalMs` (the generic cell rate algorithm).
   * Returns how long to wait, in milliseconds; 0 if it was granted.
   */
  take(key: string, bucket: { burst: number; intervalMs: number }, now: number): Promise<number>;
  /** Counts one in the window that began with the first; returns how long to wait, in milliseconds; 0 if one was left. */
  count(key: string, window: { max: number; windowMs: number }, now: number): Promise<number>;
  /** Takes one count back. */
  uncount(key: string): Promise<void>;
  purge(before: Date): Promise<void>;
}

export function createAttemptRepository(connection: Connection): AttemptRepository {
  connection.model<AttemptRow>('Attempt', schema, 'attempts');
  const attempts = connection.collection<AttemptRow>('attempts');

  async function insertIfNone(row: AttemptRow): Promise<boolean> {
    try {
      await attempts.insertOne(row);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  return {
    async take(key, { burst, intervalMs }, now) {
      const latest = now + (burst - 1) * intervalMs;
      const purgeAt = new Date(now + (burst + 1) * intervalMs);
      const filled = await attempts.updateOne({ _id: key }, { $max: { until: now, purgeAt } });
      const isFirst = filled.matchedCount === 0;
      if (isFirst && (await insertIfNone({ _id: key, until: now + intervalMs, count: 0, purgeAt }))) return 0;
      const taken = await attempts.updateOne({ _id: key, until: { $lte: latest } }, { $inc: { until: intervalMs } });
      if (taken.modifiedCount === 1) return 0;
      const row = await attempts.findOne({ _id: key });
      return row ? Math.max(1, Math.ceil(row.until - latest)) : 0;
    },
    async count(key, { max, windowMs }, now) {
      const countOne = async (): Promise<boolean> => {
        const living = { _id: key, until: { $gt: now }, count: { $lt: max } };
        return (await attempts.updateOne(living, { $inc: { count: 1 } })).modifiedCount === 1;
      };
      if (await countOne()) return 0;
      const first = { until: now + windowMs, count: 1, purgeAt: new Date(now + windowMs) };
      const renewed = await attempts.updateOne({ _id: key, until: { $lte: now } }, { $set: first });
      if (renewed.modifiedCount === 1 || (await insertIfNone({ _id: key, ...first })) || (await countOne())) return 0;
      const row = await attempts.findOne({ _id: key });
      return row ? Math.max(1, Math.ceil(row.until - now)) : 0;
    },
    async uncount(key) {
      await attempts.updateOne({ _id: key, count: { $gt: 0 } }, { $inc: { count: -1 } });
    },
    async purge(before) {
      await attempts.deleteMany({ purgeAt: { $lt: before } });
    },
  };
}
