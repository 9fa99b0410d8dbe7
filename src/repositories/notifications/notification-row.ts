import mongoose from 'mongoose';
import type { NotificationData, NotificationKind } from '@causerie/contract/notifications';
import { type Id, newId, type Row, toId, toIdOrNull } from '../ids.js';

export interface StoredNotification {
  _id: Id;
  userId: Id;
  kind: NotificationKind;
  /** What it is about. Unique together with user and kind, so that nothing is notified twice. */
  source: string;
  actorId: Id | null;
  conversationId: Id | null;
  messageId: Id | null;
  /** The number of the message that must be read; 0 if reading anything of the conversation reads it. */
  seq: number;
  count: number;
  data: NotificationData;
  /** The newest reaction in the count. */
  newest: Id | null;
  readAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export type NotificationRow = Row<StoredNotification>;

/** A notification that is not written yet. */
export type NewNotification = Pick<NotificationRow, 'userId' | 'kind' | 'source'> &
  Partial<Pick<NotificationRow, 'actorId' | 'conversationId' | 'messageId' | 'seq' | 'data'>>;

const ref = { type: mongoose.Schema.Types.ObjectId, default: null };
const date = { type: Date, required: true };
const keptSeconds = 90 * 86_400;

export const notificationSchema = new mongoose.Schema<StoredNotification>(
  {
    userId: { type: mongoose.Schema.Types.ObjectId, required: true },
    kind: { type: String, required: true },
    source: { type: String, required: true },
    actorId: ref,
    conversationId: ref,
    messageId: ref,
    seq: { type: Number, default: 0 },
    count: { type: Number, default: 1 },
    data: { type: mongoose.Schema.Types.Mixed, default: {} },
    newest: ref,
    readAt: { type: Date, default: null },
    createdAt: date,
    updatedAt: date,
  },
  { versionKey: false, minimize: false },
);
notificationSchema.index({ userId: 1, kind: 1, source: 1 }, { unique: true });
notificationSchema.index({ userId: 1, updatedAt: -1, _id: -1 });
notificationSchema.index(
  { userId: 1, updatedAt: -1, _id: -1 },
  { name: 'unread', partialFilterExpression: { readAt: null } },
);
notificationSchema.index({ conversationId: 1, userId: 1 });
notificationSchema.index({ messageId: 1 });
notificationSchema.index({ actorId: 1 });
notificationSchema.index({ updatedAt: 1 }, { expireAfterSeconds: keptSeconds });

export function storedNotification(row: NotificationRow): StoredNotification {
  const { _id, userId, actorId, conversationId, messageId, newest, ...rest } = row;
  return {
    _id: toId(_id),
    userId: toId(userId),
    actorId: toIdOrNull(actorId),
    conversationId: toIdOrNull(conversationId),
    messageId: toIdOrNull(messageId),
    newest: toIdOrNull(newest),
    ...rest,
  };
}

export function rowOf(given: NewNotification): NotificationRow {
  const at = new Date();
  return {
    _id: newId(),
    actorId: null,
    conversationId: null,
    messageId: null,
    seq: 0,
    count: 1,
    data: {},
    newest: null,
    readAt: null,
    createdAt: at,
    updatedAt: at,
    ...given,
  };
}
