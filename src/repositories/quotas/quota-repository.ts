import mongoose, { type Connection, Types } from 'mongoose';
import { durable, isDuplicateKey, majority } from '../concerns.js';

/** How much somebody has uploaded. */
interface QuotaRow {
  /** The person. */
  _id: Types.ObjectId;
  bytes: number;
  /** Uploads whose bytes are counted and that may still fail. */
  open: { id: Types.ObjectId; bytes: number }[];
  /** The last uploads whose bytes were given back, each once. */
  released: Types.ObjectId[];
}

const schema = new mongoose.Schema<QuotaRow>(
  {
    bytes: { type: Number, required: true },
    open: { type: mongoose.Schema.Types.Mixed, default: [] },
    released: { type: [mongoose.Schema.Types.ObjectId], default: [] },
  },
  { versionKey: false },
);

/** What an upload counts for: who owns it, which it is, and its bytes. */
export interface Charge {
  ownerId: Types.ObjectId;
  _id: Types.ObjectId;
  size: number;
}

/** The quotas of uploads: each step is one conditional write that may be repeated. */
export interface QuotaRepository {
  usedBy(ownerId: string): Promise<number>;
  /** Counts an upload; false if that would be too much. */
  charge(charge: Charge, quota: number): Promise<boolean>;
  /** The upload is there for good. */
  confirm(charge: Charge): Promise<void>;
  /** It has failed: its bytes are given back, if they were counted. */
  refund(charge: Charge): Promise<void>;
  /** It was there and is removed: its bytes are given back, once. */
  release(charge: Charge): Promise<void>;
}

/** More uploads of one person than this are never between their release and the removal of their rows. */
const keptReleases = 500;

/** Gives the quotas on one connection. */
export function createQuotaRepository(connection: Connection): QuotaRepository {
  connection.model<QuotaRow>('Quota', schema, 'quotas');
  const quotas = connection.collection<QuotaRow>('quotas');

  async function open(_id: Types.ObjectId): Promise<void> {
    try {
      await quotas.updateOne(
        { _id },
        { $setOnInsert: { bytes: 0, open: [], released: [] } },
        { upsert: true, ...durable },
      );
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  return {
    async usedBy(ownerId) {
      return (await quotas.findOne({ _id: new Types.ObjectId(ownerId) }, majority))?.bytes ?? 0;
    },
    async charge({ ownerId, _id: id, size: bytes }, quota) {
      await open(ownerId);
      const result = await quotas.updateOne(
        { _id: ownerId, bytes: { $lte: quota - bytes } },
        { $inc: { bytes }, $push: { open: { id, bytes } } },
        durable,
      );
      return result.modifiedCount === 1;
    },
    async confirm({ ownerId, _id: id }) {
      await quotas.updateOne({ _id: ownerId }, { $pull: { open: { id } } }, durable);
    },
    async refund({ ownerId, _id: id, size }) {
      await quotas.updateOne(
        { _id: ownerId, 'open.id': id },
        { $inc: { bytes: -size }, $pull: { open: { id } } },
        durable,
      );
    },
    async release({ ownerId, _id: id, size }) {
      await quotas.updateOne(
        { _id: ownerId, released: { $ne: id } },
        {
          $inc: { bytes: -size },
          $pull: { open: { id } },
          $push: { released: { $each: [id], $slice: -keptReleases } },
        },
        durable,
      );
    },
  };
}
