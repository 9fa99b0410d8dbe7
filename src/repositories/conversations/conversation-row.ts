import { type Id, newId, type Row, toId } from '../ids.js';
import mongoose from 'mongoose';
import type { StoredPicture } from '../uploads/attachment-row.js';
import type { StoredChange, StoredElevated } from './group-change.js';

export interface StoredConversation {
  _id: Id;
  type: 'direct' | 'group';
  /** The sorted ids of the users of a direct conversation; unique. Null in a group. */
  pair: string | null;
  /** The users of a direct conversation, once each; empty in a group. */
  userIds: Id[];
  /** `forming` until the rows of its members exist, `deleting` until all of it is erased. */
  state: 'forming' | 'active' | 'deleting';
  /** The head, which follows from the log: the last message, the last change, the last activity. */
  seq: number;
  rev: number;
  lastActivityAt: Date;
  /** At or above the last message that does not count for badges. */
  lastUncountedSeq: number;
  /** At or above the last message that some member cannot see, because they joined later, emptied or hid it. */
  lastBlindSeq: number;
  memberCount: number;
  membersVersion: number;
  createdAt: Date;
  title: string | null;
  description: string | null;
  photo: StoredPicture | null;
  /** The creator of a group and the `clientId` of its creation; unique. */
  createKey: string | null;
  creatorId: Id | null;
  elevated: StoredElevated[];
  /** The change of a group that is in progress: no other can begin before it is completed. */
  pending: StoredChange | null;
  /** The lowest receipts that all members of a group show; only ever raised. */
  reachedDeliveredSeq: number;
  reachedReadSeq: number;
  /** How far notifications have been created; `notifyDue` is present while the head is further. */
  notifiedSeq: number;
  notifiedRev: number;
  notifyDue?: true;
}

export type ConversationRow = Row<StoredConversation>;

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const number = { type: Number, default: 0 };
const date = { type: Date, required: true };

export const conversationSchema = new mongoose.Schema<StoredConversation>(
  {
    type: { type: String, enum: ['direct', 'group'], required: true },
    pair: { type: String, default: null },
    userIds: { type: [id], required: true },
    state: { type: String, enum: ['forming', 'active', 'deleting'], required: true },
    seq: number,
    rev: number,
    lastActivityAt: date,
    lastUncountedSeq: number,
    lastBlindSeq: number,
    memberCount: number,
    membersVersion: number,
    createdAt: date,
    title: { type: String, default: null },
    description: { type: String, default: null },
    photo: { type: mongoose.Schema.Types.Mixed, default: null },
    createKey: { type: String, default: null },
    creatorId: { type: mongoose.Schema.Types.ObjectId, default: null },
    elevated: { type: mongoose.Schema.Types.Mixed, default: [] },
    pending: { type: mongoose.Schema.Types.Mixed, default: null },
    reachedDeliveredSeq: number,
    reachedReadSeq: number,
    notifiedSeq: number,
    notifiedRev: number,
    notifyDue: { type: Boolean },
  },
  { versionKey: false },
);
conversationSchema.index({ pair: 1 }, { unique: true, partialFilterExpression: { pair: { $type: 'string' } } });
conversationSchema.index(
  { createKey: 1 },
  { unique: true, partialFilterExpression: { createKey: { $type: 'string' } } },
);
conversationSchema.index({ 'pending._id': 1 }, { partialFilterExpression: { 'pending._id': { $type: 'objectId' } } });
conversationSchema.index({ state: 1, _id: 1 });
conversationSchema.index({ notifyDue: 1 }, { partialFilterExpression: { notifyDue: true } });

/** The fields of a new conversation of either type. */
export function newConversation(at: Date): Omit<StoredConversation, 'type' | 'pair' | 'userIds' | 'memberCount'> {
  return {
    _id: toId(newId()),
    state: 'forming',
    seq: 0,
    rev: 0,
    lastActivityAt: at,
    lastUncountedSeq: 0,
    lastBlindSeq: 0,
    membersVersion: 0,
    createdAt: at,
    title: null,
    description: null,
    photo: null,
    createKey: null,
    creatorId: null,
    elevated: [],
    pending: null,
    reachedDeliveredSeq: 0,
    reachedReadSeq: 0,
    notifiedSeq: 0,
    notifiedRev: 0,
  };
}
