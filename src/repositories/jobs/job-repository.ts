import mongoose, { type Connection, Types } from 'mongoose';
import { durable, isOnlyDuplicates, majority } from '../concerns.js';

/** Something that has to be done once, whatever happens to the process that has said so. */
export interface JobRow {
  _id: Types.ObjectId;
  name: string;
  /** Of jobs of one name there is one with each key. */
  key: string;
  /** Whose data it holds, if anybody's: it goes with the account. */
  ownerId: string | null;
  data: object;
  state: 'waiting' | 'dead';
  /** When it may begin; while somebody does it, when his lease ends. */
  runAt: Date;
  /** Of one claim: names who does it now. */
  holder: string | null;
  tries: number;
  /** Why the last try failed. */
  error: string | null;
  createdAt: Date;
  /** When it was given up. */
  deadAt: Date | null;
}

/** A job that is to be done. */
export type NewJob = Pick<JobRow, 'name' | 'key' | 'ownerId' | 'data' | 'runAt'>;

const text = { type: String, required: true };
const date = { type: Date, required: true };

const schema = new mongoose.Schema<JobRow>(
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
  /** What is there already stays as it is. */
  insert(jobs: readonly NewJob[]): Promise<void>;
  /** Takes the job that may begin first; nobody else gets it until `leaseEnd`, unless the lease is made longer. */
  lease(holder: string, names: readonly string[], times: { now: Date; leaseEnd: Date }): Promise<JobRow | null>;
  /** Makes a lease longer; false if somebody else has the job. */
  extend(job: JobRow, leaseEnd: Date): Promise<boolean>;
  /** It is done. */
  remove(job: JobRow): Promise<void>;
  /** It has failed and is tried again. */
  postpone(job: JobRow, next: { runAt: Date; error: string }): Promise<void>;
  /** It has failed too often. */
  bury(job: JobRow, error: string): Promise<void>;
  /** All leases end: whoever held them is gone. */
  release(): Promise<void>;
  /** Those that were given up wait again, as if they were new; gives how many. */
  revive(): Promise<number>;
  count(state: JobRow['state']): Promise<number>;
  /** Those that were given up, the oldest first. */
  dead(limit: number): Promise<JobRow[]>;
  /** The names of all jobs there are. */
  names(): Promise<string[]>;
}

/** Gives the rows of jobs on one connection. */
export function createJobRepository(connection: Connection): JobRepository {
  connection.model<JobRow>('Job', schema, 'jobs');
  const jobs = connection.collection<JobRow>('jobs');
  const mine = ({ _id, holder }: JobRow) => ({ _id, holder });
  const fresh = { state: 'waiting', holder: null, tries: 0, error: null, deadAt: null } as const;

  return {
    async insert(given) {
      const createdAt = new Date();
      const rows = given.map((job) => ({ ...job, ...fresh, _id: new Types.ObjectId(), createdAt }));
      try {
        await jobs.insertMany(rows, { ordered: false, ...durable });
      } catch (error) {
        if (!isOnlyDuplicates(error)) throw error;
      }
    },
    lease: (holder, names, { now, leaseEnd }) =>
      jobs.findOneAndUpdate(
        { state: 'waiting', runAt: { $lte: now }, name: { $in: [...names] } },
        { $set: { holder, runAt: leaseEnd }, $inc: { tries: 1 } },
        { sort: { runAt: 1, _id: 1 }, returnDocument: 'after', ...durable },
      ),
    extend: async (job, leaseEnd) =>
      (await jobs.updateOne({ ...mine(job), state: 'waiting' }, { $set: { runAt: leaseEnd } }, durable))
        .matchedCount === 1,
    async remove(job) {
      await jobs.deleteOne(mine(job), durable);
    },
    async postpone(job, { runAt, error }) {
      await jobs.updateOne(mine(job), { $set: { runAt, error, holder: null } }, durable);
    },
    async bury(job, error) {
      await jobs.updateOne(mine(job), { $set: { state: 'dead', error, holder: null, deadAt: new Date() } }, durable);
    },
    async release() {
      await jobs.updateMany(
        { state: 'waiting', runAt: { $gt: new Date() }, holder: { $type: 'string' } },
        { $set: { runAt: new Date(), holder: null } },
        durable,
      );
    },
    async revive() {
      const again = { $set: { ...fresh, runAt: new Date() } };
      return (await jobs.updateMany({ state: 'dead' }, again, durable)).modifiedCount;
    },
    count: (state) => jobs.countDocuments({ state }, majority),
    dead: (limit) => jobs.find({ state: 'dead' }, majority).sort({ runAt: 1 }).limit(limit).toArray(),
    names: () => jobs.distinct('name', { name: { $gt: '' } }, majority),
  };
}
