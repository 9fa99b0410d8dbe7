import mongoose, { type Connection, Types } from 'mongoose';
import { durable, majority } from '../concerns.js';
import type { AttachmentRow } from './attachment-row.js';
import type { Purpose } from '@causerie/contract/media';

/**
 * `writing` until its file is stored; `free` until somebody claims it; `claimed` until what claims it is there;
 * `attached`; `going` until its file is removed, and the row after it.
 */
export type Stage = 'writing' | 'free' | 'claimed' | 'attached' | 'going';

export interface UploadRow extends AttachmentRow {
  ownerId: Types.ObjectId;
  purpose: Purpose;
  stage: Stage;
  /** When it came to this stage. */
  since: Date;
  claims: string[];
  /** The name of its file, which tells nothing. */
  key: string;
  /** Names the content: the same bytes have the same one. */
  etag: string;
  hasAlpha: boolean;
  /** Whether its size counts for its owner's quota for good. */
  isCharged: boolean;
  createdAt: Date;
}

/** What is known of the content of an upload when it is stored. */
export type UploadContent = Omit<AttachmentRow, '_id'> & Pick<UploadRow, 'etag' | 'hasAlpha'>;

/** The row of an upload whose file is being stored. */
export function newUpload(upload: {
  ownerId: string;
  purpose: Purpose;
  key: string;
  content: UploadContent;
}): UploadRow {
  const { ownerId, purpose, key, content } = upload;
  const now = new Date();
  return {
    _id: new Types.ObjectId(),
    ownerId: new Types.ObjectId(ownerId),
    purpose,
    key,
    ...content,
    stage: 'writing',
    since: now,
    claims: [],
    isCharged: false,
    createdAt: now,
  };
}

const ref = mongoose.Schema.Types.ObjectId;
const id = { type: ref, required: true };
const text = { type: String, required: true };

const schema = new mongoose.Schema<UploadRow>(
  {
    ownerId: id,
    purpose: text,
    stage: text,
    since: { type: Date, required: true },
    claims: { type: [String], default: [] },
    key: text,
    etag: text,
    kind: text,
    name: text,
    mime: text,
    size: { type: Number, required: true },
    width: { type: Number, default: null },
    height: { type: Number, default: null },
    durationMs: { type: Number, default: null },
    placeholder: { type: String, default: null },
    hasAlpha: { type: Boolean, default: false },
    isCharged: { type: Boolean, default: false },
    createdAt: { type: Date, required: true },
  },
  { versionKey: false },
);
schema.index({ ownerId: 1, _id: 1 });
schema.index({ claims: 1 });
schema.index({ stage: 1, since: 1 });
schema.index({ key: 1 }, { unique: true });

/** The rows of uploads: each step is one conditional write. */
export interface UploadRepository {
  insert(row: UploadRow): Promise<void>;
  byId(id: string): Promise<UploadRow | null>;
  /** Its file is stored: it may be used; false if it was given up meanwhile. */
  ready(id: Types.ObjectId): Promise<boolean>;
  /** Claims what is free, or has this claim already; null where that is not so. */
  reserve(id: string, ownerId: string, purpose: Purpose, reservation: string): Promise<UploadRow | null>;
  /** What claims these, or this one of them, is there. */
  attach(reservation: string, id?: string): Promise<void>;
  /** What claims this one is there, as it was found out for the row as it was read. */
  confirm(row: UploadRow): Promise<boolean>;
  /** What is attached may be used no more in a moment: from now on it is found out again. */
  suspect(id: string): Promise<void>;
  /** What claimed these will never be there. */
  cancelReservation(reservation: string): Promise<void>;
  /** Frees one whose claim was given up, if nobody has done anything with it since the row was read. */
  release(row: UploadRow): Promise<boolean>;
  /** Takes one out of use if it is as it was read; false if somebody was faster. */
  discard(row: UploadRow): Promise<boolean>;
  /** Takes everything under a claim out of use; gives how much there was. */
  discardReservation(reservation: string): Promise<number>;
  /** The same for all claims that begin like this. */
  discardReservations(beginning: string): Promise<number>;
  /** Takes what somebody has not attached out of use; gives how many there were. */
  discardUnattached(ownerId: string): Promise<number>;
  /** Rows that came to a stage before a moment, the oldest first. */
  inStage(stage: Stage, before: Date, limit: number): Promise<UploadRow[]>;
  /** Removes a row whose file is gone. */
  remove(id: Types.ObjectId): Promise<void>;
  countOf(ownerId: string): Promise<number>;
  /** What somebody has uploaded, in the order of the ids. */
  pageOf(ownerId: string, page: { after: Types.ObjectId | null; limit: number }): Promise<UploadRow[]>;
}

const after = { returnDocument: 'after', ...durable } as const;
const living: Stage[] = ['free', 'claimed', 'attached'];

/** Where an upload is now. */
const at = (stage: Stage) => ({ stage, since: new Date() });

type Collection = ReturnType<typeof uploadsOf>;

function uploadsOf(connection: Connection) {
  return connection.collection<UploadRow>('uploads');
}

/** Changes a row if it is as it was read; false if somebody was faster. */
async function changeAsRead(
  uploads: Collection,
  { _id, stage, since }: UploadRow,
  change: Partial<UploadRow>,
): Promise<boolean> {
  return (await uploads.updateOne({ _id, stage, since }, { $set: change }, durable)).modifiedCount === 1;
}

type Reviewing = Pick<UploadRepository, 'confirm' | 'suspect' | 'release'>;

function judgingOf(uploads: Collection): Reviewing {
  return {
    confirm: (row) => changeAsRead(uploads, row, at('attached')),
    async suspect(one) {
      await uploads.updateOne({ _id: new Types.ObjectId(one), stage: 'attached' }, { $set: at('claimed') }, durable);
    },
    release: (row) => changeAsRead(uploads, row, { ...at('free'), claims: [] }),
  };
}

type Discarding = Pick<
  UploadRepository,
  'discard' | 'discardReservation' | 'discardReservations' | 'discardUnattached'
>;

function discardingOf(uploads: Collection): Discarding {
  async function discardAll(filter: object): Promise<number> {
    return (await uploads.updateMany(filter, { $set: at('going') }, durable)).modifiedCount;
  }

  return {
    discard: (row) => changeAsRead(uploads, row, at('going')),
    discardReservation: (reservation) => discardAll({ claims: reservation, stage: { $in: living } }),
    discardReservations: (beginning) => discardAll({ claims: { $regex: `^${beginning}` }, stage: { $in: living } }),
    discardUnattached: (ownerId) =>
      discardAll({ ownerId: new Types.ObjectId(ownerId), stage: { $in: ['free', 'claimed'] } }),
  };
}

/** Gives the rows of uploads on one connection. */
export function createUploadRepository(connection: Connection): UploadRepository {
  connection.model<UploadRow>('Upload', schema, 'uploads');
  const uploads = uploadsOf(connection);

  return {
    ...judgingOf(uploads),
    ...discardingOf(uploads),
    async insert(row) {
      await uploads.insertOne(row, durable);
    },
    byId: (one) => uploads.findOne({ _id: new Types.ObjectId(one), stage: { $in: living } }, majority),
    async ready(_id) {
      const set = { ...at('free'), isCharged: true };
      return (await uploads.updateOne({ _id, stage: 'writing' }, { $set: set }, durable)).modifiedCount === 1;
    },
    async reserve(one, ownerId, purpose, reservation) {
      const mine = { _id: new Types.ObjectId(one), ownerId: new Types.ObjectId(ownerId), purpose };
      const reserved = await uploads.findOneAndUpdate(
        { ...mine, stage: 'free' },
        { $set: { ...at('claimed'), claims: [reservation] } },
        after,
      );
      return reserved ?? uploads.findOne({ ...mine, claims: reservation, stage: { $in: living } }, majority);
    },
    async attach(reservation, one) {
      const which = {
        claims: reservation,
        stage: 'claimed' as const,
        ...(one ? { _id: new Types.ObjectId(one) } : {}),
      };
      await uploads.updateMany(which, { $set: at('attached') }, durable);
    },
    async cancelReservation(reservation) {
      await uploads.updateMany(
        { claims: reservation, stage: 'claimed' },
        { $set: { ...at('free'), claims: [] } },
        durable,
      );
    },
    inStage: (stage, before, limit) =>
      uploads
        .find({ stage, since: { $lt: before } }, majority)
        .sort({ since: 1 })
        .limit(limit)
        .toArray(),
    async remove(_id) {
      await uploads.deleteOne({ _id, stage: 'going' }, durable);
    },
    countOf: (ownerId) =>
      uploads.countDocuments({ ownerId: new Types.ObjectId(ownerId), stage: { $in: living } }, majority),
    pageOf: (ownerId, { after: last, limit }) =>
      uploads
        .find(
          { ownerId: new Types.ObjectId(ownerId), ...(last ? { _id: { $gt: last } } : {}), stage: { $in: living } },
          majority,
        )
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
  };
}
