import { type Id, newId, type Row, toId, toRow } from '../ids.js';
import mongoose, { type Connection } from 'mongoose';
import type { AttachmentRow, StoredAttachment } from './attachment-row.js';
import type { Purpose } from '@causerie/contract/media';

/**
 * `writing` until the file is stored, `free` until it is reserved, `claimed` until its carrier is stored, then
 * `attached`; `going` until the file and then the row are deleted.
 */
export type Stage = 'writing' | 'free' | 'claimed' | 'attached' | 'going';

export interface StoredUpload extends StoredAttachment {
  ownerId: Id;
  purpose: Purpose;
  stage: Stage;
  /** When it entered this stage. */
  since: Date;
  /** The reservation that holds it, if any. */
  claims: string[];
  /** The name of its file: random. */
  key: string;
  /** Identifies the content. */
  etag: string;
  hasAlpha: boolean;
  /** Whether its size is charged to the owner's quota. */
  isCharged: boolean;
  createdAt: Date;
}

export type UploadRow = Row<StoredUpload>;

/** The properties of the content of an upload. */
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
    _id: newId(),
    ownerId,
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

const schema = new mongoose.Schema<StoredUpload>(
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

/** Uploads: each step is one conditional write. */
export interface UploadRepository {
  insert(row: UploadRow): Promise<void>;
  byId(id: string): Promise<UploadRow | null>;
  /** Makes an upload usable once its file is stored; false if it was given up in the meantime. */
  ready(id: string): Promise<boolean>;
  /** Reserves an upload that is free or has this reservation already; null otherwise. */
  reserve(id: string, ownerId: string, purpose: Purpose, reservation: string): Promise<UploadRow | null>;
  /** Attaches the uploads under a reservation, or this one of them: their carrier is stored. */
  attach(reservation: string, id?: string): Promise<void>;
  /** Attaches an upload whose carrier was found; false if the row has changed since it was read. */
  confirm(row: UploadRow): Promise<boolean>;
  /** Marks an attached upload as doubtful: whether something carries it is checked again. */
  suspect(id: string): Promise<void>;
  /** Frees the uploads under a reservation whose carrier will never be stored. */
  cancelReservation(reservation: string): Promise<void>;
  /** Frees an upload whose reservation was given up; false if the row has changed since it was read. */
  release(row: UploadRow): Promise<boolean>;
  /** Begins to delete an upload; false if the row has changed since it was read. */
  discard(row: UploadRow): Promise<boolean>;
  /** Begins to delete the uploads under a reservation; returns their number. */
  discardReservation(reservation: string): Promise<number>;
  /** The same for all reservations that begin like this. */
  discardReservations(beginning: string): Promise<number>;
  /** Begins to delete the uploads of a user that are not attached; returns their number. */
  discardUnattached(ownerId: string): Promise<number>;
  /** Uploads that entered a stage before a moment, the oldest first. */
  inStage(stage: Stage, before: Date, limit: number): Promise<UploadRow[]>;
  /** Deletes a row whose file is deleted. */
  remove(id: string): Promise<void>;
  countOf(ownerId: string): Promise<number>;
  /** The uploads of a user, in the order of their ids. */
  pageOf(ownerId: string, page: { after: string | null; limit: number }): Promise<UploadRow[]>;
}

const after = { returnDocument: 'after' } as const;
const living: Stage[] = ['free', 'claimed', 'attached'];

const at = (stage: Stage) => ({ stage, since: new Date() });

type Collection = ReturnType<typeof uploadsOf>;

function uploadsOf(connection: Connection) {
  return connection.collection<StoredUpload>('uploads');
}

/** Changes a row that has not changed since it was read; false if it has. */
async function changeAsRead(
  uploads: Collection,
  { _id, stage, since }: UploadRow,
  change: Partial<StoredUpload>,
): Promise<boolean> {
  return (await uploads.updateOne({ _id: toId(_id), stage, since }, { $set: change })).modifiedCount === 1;
}

type Reviews = Pick<UploadRepository, 'confirm' | 'suspect' | 'release'>;

function reviewsOf(uploads: Collection): Reviews {
  return {
    confirm: (row) => changeAsRead(uploads, row, at('attached')),
    async suspect(one) {
      await uploads.updateOne({ _id: toId(one), stage: 'attached' }, { $set: at('claimed') });
    },
    release: (row) => changeAsRead(uploads, row, { ...at('free'), claims: [] }),
  };
}

type Discards = Pick<UploadRepository, 'discard' | 'discardReservation' | 'discardReservations' | 'discardUnattached'>;

function discardsOf(uploads: Collection): Discards {
  async function discardAll(filter: object): Promise<number> {
    return (await uploads.updateMany(filter, { $set: at('going') })).modifiedCount;
  }

  return {
    discard: (row) => changeAsRead(uploads, row, at('going')),
    discardReservation: (reservation) => discardAll({ claims: reservation, stage: { $in: living } }),
    discardReservations: (beginning) => discardAll({ claims: { $regex: `^${beginning}` }, stage: { $in: living } }),
    discardUnattached: (ownerId) => discardAll({ ownerId: toId(ownerId), stage: { $in: ['free', 'claimed'] } }),
  };
}

export function createUploadRepository(connection: Connection): UploadRepository {
  connection.model<StoredUpload>('Upload', schema, 'uploads');
  const uploads = uploadsOf(connection);

  return {
    ...reviewsOf(uploads),
    ...discardsOf(uploads),
    async insert(row) {
      await uploads.insertOne({ ...row, _id: toId(row._id), ownerId: toId(row.ownerId) });
    },
    byId: async (one) => toRow(await uploads.findOne({ _id: toId(one), stage: { $in: living } })),
    async ready(one) {
      const set = { ...at('free'), isCharged: true };
      return (await uploads.updateOne({ _id: toId(one), stage: 'writing' }, { $set: set })).modifiedCount === 1;
    },
    async reserve(one, ownerId, purpose, reservation) {
      const mine = { _id: toId(one), ownerId: toId(ownerId), purpose };
      const reserved = await uploads.findOneAndUpdate(
        { ...mine, stage: 'free' },
        { $set: { ...at('claimed'), claims: [reservation] } },
        after,
      );
      return toRow(reserved ?? (await uploads.findOne({ ...mine, claims: reservation, stage: { $in: living } })));
    },
    async attach(reservation, one) {
      const which = {
        claims: reservation,
        stage: 'claimed' as const,
        ...(one ? { _id: toId(one) } : {}),
      };
      await uploads.updateMany(which, { $set: at('attached') });
    },
    async cancelReservation(reservation) {
      await uploads.updateMany({ claims: reservation, stage: 'claimed' }, { $set: { ...at('free'), claims: [] } });
    },
    inStage: (stage, before, limit) =>
      uploads
        .find({ stage, since: { $lt: before } })
        .sort({ since: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
    async remove(one) {
      await uploads.deleteOne({ _id: toId(one), stage: 'going' });
    },
    countOf: (ownerId) => uploads.countDocuments({ ownerId: toId(ownerId), stage: { $in: living } }),
    pageOf: (ownerId, { after: last, limit }) =>
      uploads
        .find({ ownerId: toId(ownerId), ...(last ? { _id: { $gt: toId(last) } } : {}), stage: { $in: living } })
        .sort({ _id: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
  };
}
