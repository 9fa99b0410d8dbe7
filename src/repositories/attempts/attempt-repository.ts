import mongoose, { type Connection } from 'mongoose';
import { isDuplicateKey } from '../concerns.js';

interface AttemptRow {
  _id: string;
  /** Milliseconds: until when a bucket is spent, or when a window ends. */
  until: number;
  count: number;
  purgeAt: Date;
}

const { trusted } = mongoose;

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

/** What has been tried, kept in the store so that a restart forgives nothing. */
export interface AttemptRepository {
  /**
   * Takes one from a bucket that gives `burst` at once and then one each `intervalMs` (the generic cell rate algorithm).
   * Tells how long to wait, 0 when it was granted.
   */
  take(key: string, bucket: { burst: number; intervalMs: number }, now: number): Promise<number>;
  /** Counts one in the window that began with the first; tells how long to wait, 0 when there was one left. */
  count(key: string, window: { max: number; windowMs: number }, now: number): Promise<number>;
  /** Takes one count back. */
  uncount(key: string): Promise<void>;
  purge(before: Date): Promise<void>;
}

/** Gives the rows of attempts on one connection. */
export function createAttemptRepository(connection: Connection): AttemptRepository {
  const Attempts = connection.model<AttemptRow>('Attempt', schema, 'attempts');

  async function insertIfNone(row: AttemptRow): Promise<boolean> {
    try {
      await Attempts.create(row);
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
      const filled = await Attempts.updateOne({ _id: key }, { $max: { until: now, purgeAt } });
      const isFirst = filled.matchedCount === 0;
      if (isFirst && (await insertIfNone({ _id: key, until: now + intervalMs, count: 0, purgeAt }))) return 0;
      const taken = await Attempts.updateOne(
        { _id: key, until: trusted({ $lte: latest }) },
        { $inc: { until: intervalMs } },
      );
      if (taken.modifiedCount === 1) return 0;
      const row = await Attempts.findOne({ _id: key }).lean();
      return row ? Math.max(1, Math.ceil(row.until - latest)) : 0;
    },
    async count(key, { max, windowMs }, now) {
      const countOne = async (): Promise<boolean> => {
        const living = { _id: key, until: trusted({ $gt: now }), count: trusted({ $lt: max }) };
        return (await Attempts.updateOne(living, { $inc: { count: 1 } })).modifiedCount === 1;
      };
      if (await countOne()) return 0;
      const first = { until: now + windowMs, count: 1, purgeAt: new Date(now + windowMs) };
      const renewed = await Attempts.updateOne({ _id: key, until: trusted({ $lte: now }) }, { $set: first });
      if (renewed.modifiedCount === 1 || (await insertIfNone({ _id: key, ...first })) || (await countOne())) return 0;
      const row = await Attempts.findOne({ _id: key }).lean();
      return row ? Math.max(1, Math.ceil(row.until - now)) : 0;
    },
    async uncount(key) {
      await Attempts.updateOne({ _id: key, count: trusted({ $gt: 0 }) }, { $inc: { count: -1 } });
    },
    async purge(before) {
      await Attempts.deleteMany({ purgeAt: trusted({ $lt: before }) });
    },
  };
}
