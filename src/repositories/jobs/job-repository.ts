import { type Id, newId, type Row, toId, toRow } from '../ids.js';
import mongoose, { type Connection } from 'mongoose';
import { eraseRows } from '../erasing.js';
import { isOnlyDuplicates } from '../errors.js';

/** Work that must be done once, whatever happens to the process that created it. */
export interface StoredJob {
  _id: Id;
  name: string;
  /** Unique among the jobs of one name. */
  key: string;
  /** The user whose data it holds, if any: it is removed with the account. */
  ownerId: string | null;
  data: object;
  state: 'waiting' | 'dead';
  /** When it may start; while it runs, when its lease ends. */
  runAt: Date;
  /** Identifies the present lease. */
  holder: string | null;
  tries: number;
  /** Why the last attempt failed. */
  error: string | null;
  createdAt: Date;
  /** When it was given up. */
  deadAt: Date | null;
}

export type JobRow = Row<StoredJob>;

export type NewJob = Pick<JobRow, 'name' | 'key' | 'ownerId' | 'data' | 'runAt'>;

const text = { type: String, required: true };
const date = { type: Date, required: true };

const schema = new mongoose.Schema<StoredJob>(
  {
    name: text,
    key: text,
    ownerId: { type: String, default: null },
    data: { type: mongoose.Schema.Types.Mixed, required: true },
    state: text,
    runAt: date,
    holder: { type: String, default: null },
    tries: { type: Number, required: true },
    error: { type: String, default: null },
    createdAt: date,
    deadAt: { type: Date, default: null },
  },
  { versionKey: false },
);
const monthSeconds = 30 * 86_400;
schema.index({ name: 1, key: 1 }, { unique: true });
schema.index({ state: 1, runAt: 1, _id: 1 });
schema.index({ ownerId: 1 }, { partialFilterExpression: { ownerId: { $type: 'string' } } });
schema.index(
  { deadAt: 1 },
  { expireAfterSeconds: monthSeconds, partialFilterExpression: { deadAt: { $type: 'date' } } },
);

/** The rows of jobs: each step is one conditional write. */
export interface JobRepository {
  /** Removes the jobs that hold data of a user, except those of a kind of data; returns their number. */
  eraseOwner(ownerId: string, exceptKind: string): Promise<number>;
  /** Inserts jobs; existing ones stay as they are. */
  insert(jobs: readonly NewJob[]): Promise<void>;
  /** Leases the job that may start first until `leaseEnd`; null if none is due. */
  lease(holder: string, names: readonly string[], times: { now: Date; leaseEnd: Date }): Promise<JobRow | null>;
  /** Renews a lease; false if it was lost. */
  extend(job: JobRow, leaseEnd: Date): Promise<boolean>;
  /** Removes a job that is done. */
  remove(job: JobRow): Promise<void>;
  /** Schedules the next attempt of a job that has failed. */
  postpone(job: JobRow, next: { runAt: Date; error: string }): Promise<void>;
  /** Marks a job as dead: it has failed too often. */
  markDead(job: JobRow, error: string): Promise<void>;
  /** Ends all leases: their holders are gone. */
  release(): Promise<void>;
  /** Schedules the jobs that were given up as if they were new; returns their number. */
  retryDead(): Promise<number>;
  count(state: JobRow['state']): Promise<number>;
  /** The jobs that were given up, the oldest first. */
  dead(limit: number): Promise<JobRow[]>;
  /** The names of all stored jobs. */
  names(): Promise<string[]>;
}

export function createJobRepository(connection: Connection): JobRepository {
  connection.model<StoredJob>('Job', schema, 'jobs');
  const jobs = connection.collection<StoredJob>('jobs');
  const mine = ({ _id, holder }: JobRow) => ({ _id: toId(_id), holder });
  const fresh = { state: 'waiting', holder: null, tries: 0, error: null, deadAt: null } as const;

  return {
    async insert(given) {
      const createdAt = new Date();
      const rows = given.map((job) => ({ ...job, ...fresh, _id: toId(newId()), createdAt }));
      try {
        await jobs.insertMany(rows, { ordered: false });
      } catch (error) {
        if (!isOnlyDuplicates(error)) throw error;
      }
    },
    async lease(holder, names, { now, leaseEnd }) {
      const leased = await jobs.findOneAndUpdate(
        { state: 'waiting', runAt: { $lte: now }, name: { $in: [...names] } },
        { $set: { holder, runAt: leaseEnd }, $inc: { tries: 1 } },
        { sort: { runAt: 1, _id: 1 }, returnDocument: 'after' },
      );
      return toRow(leased);
    },
    extend: async (job, leaseEnd) =>
      (await jobs.updateOne({ ...mine(job), state: 'waiting' }, { $set: { runAt: leaseEnd } })).matchedCount === 1,
    async remove(job) {
      await jobs.deleteOne(mine(job));
    },
    async postpone(job, { runAt, error }) {
      await jobs.updateOne(mine(job), { $set: { runAt, error, holder: null } });
    },
    async markDead(job, error) {
      await jobs.updateOne(mine(job), { $set: { state: 'dead', error, holder: null, deadAt: new Date() } });
    },
    eraseOwner: (ownerId, exceptKind) => eraseRows(jobs, { ownerId, 'data.kind': { $ne: exceptKind } }),
    async release() {
      await jobs.updateMany(
        { state: 'waiting', runAt: { $gt: new Date() }, holder: { $type: 'string' } },
        { $set: { runAt: new Date(), holder: null } },
      );
    },
    async retryDead() {
      const again = { $set: { ...fresh, runAt: new Date() } };
      return (await jobs.updateMany({ state: 'dead' }, again)).modifiedCount;
    },
    count: (state) => jobs.countDocuments({ state }),
    dead: (limit) => jobs.find({ state: 'dead' }).sort({ runAt: 1 }).limit(limit).map(toRow).toArray(),
    names: () => jobs.distinct('name', { name: { $gt: '' } }),
  };
}
