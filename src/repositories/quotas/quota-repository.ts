import { type Id, toId } from '../ids.js';
import mongoose, { type Connection } from 'mongoose';
import { retryOnDuplicateKey } from '../errors.js';

/** How much a user has uploaded. */
interface QuotaRow {
  /** The user. */
  _id: Id;
  bytes: number;
  /** Uploads whose bytes are counted and that may still fail. */
  open: { id: Id; bytes: number }[];
  /** The last uploads whose bytes were released, each once. */
  released: Id[];
}

const schema = new mongoose.Schema<QuotaRow>(
  {
    bytes: { type: Number, required: true },
    open: { type: mongoose.Schema.Types.Mixed, default: [] },
    released: { type: [mongoose.Schema.Types.ObjectId], default: [] },
  },
  { versionKey: false },
);

/** The bytes of an upload, charged to its owner. */
export interface Charge {
  ownerId: string;
  _id: string;
  size: number;
}

/** The quotas of uploads: each step is one conditional write that may be repeated. */
export interface QuotaRepository {
  usedBy(ownerId: string): Promise<number>;
  /** Charges an upload; false if it would exceed the quota. */
  charge(charge: Charge, quota: number): Promise<boolean>;
  /** Confirms the charge of an upload that is stored. */
  confirm(charge: Charge): Promise<void>;
  /** Refunds the bytes of an upload that has failed, if they were charged. */
  refund(charge: Charge): Promise<void>;
  /** Releases the bytes of a stored upload that is deleted, once. */
  release(charge: Charge): Promise<void>;
}

/** More uploads of one user than this are never between their release and the deletion of their rows. */
const keptReleases = 500;

export function createQuotaRepository(connection: Connection): QuotaRepository {
  connection.model<QuotaRow>('Quota', schema, 'quotas');
  const quotas = connection.collection<QuotaRow>('quotas');

  async function open(_id: Id): Promise<void> {
    const initial = { $setOnInsert: { bytes: 0, open: [], released: [] } };
    await retryOnDuplicateKey(() => quotas.updateOne({ _id }, initial, { upsert: true }));
  }

  return {
    async usedBy(ownerId) {
      return (await quotas.findOne({ _id: toId(ownerId) }))?.bytes ?? 0;
    },
    async charge({ ownerId, _id, size: bytes }, quota) {
      const [owner, id] = [toId(ownerId), toId(_id)];
      await open(owner);
      const result = await quotas.updateOne(
        { _id: owner, bytes: { $lte: quota - bytes } },
        { $inc: { bytes }, $push: { open: { id, bytes } } },
      );
      return result.modifiedCount === 1;
    },
    async confirm({ ownerId, _id }) {
      await quotas.updateOne({ _id: toId(ownerId) }, { $pull: { open: { id: toId(_id) } } });
    },
    async refund({ ownerId, _id, size }) {
      const id = toId(_id);
      await quotas.updateOne(
        { _id: toId(ownerId), 'open.id': id },
        { $inc: { bytes: -size }, $pull: { open: { id } } },
      );
    },
    async release({ ownerId, _id, size }) {
      const id = toId(_id);
      await quotas.updateOne(
        { _id: toId(ownerId), released: { $ne: id } },
        {
          $inc: { bytes: -size },
          $pull: { open: { id } },
          $push: { released: { $each: [id], $slice: -keptReleases } },
        },
      );
    },
  };
}
