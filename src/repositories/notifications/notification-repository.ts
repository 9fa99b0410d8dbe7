import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { isDuplicateKey, isOnlyDuplicates } from '../concerns.js';
import type { NotificationData, NotificationKind } from '@causerie/contract/notifications';

export interface NotificationRow {
  _id: Types.ObjectId;
  userId: Types.ObjectId;
  kind: NotificationKind;
  /** What it is about. Unique together with user and kind, so that nothing is notified twice. */
  source: string;
  actorId: Types.ObjectId | null;
  conversationId: Types.ObjectId | null;
  messageId: Types.ObjectId | null;
  /** The number of the message that must be read; 0 if reading anything of the conversation reads it. */
  seq: number;
  count: number;
  data: NotificationData;
  /** The newest reaction in the count. */
  newest: Types.ObjectId | null;
  readAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A notification that is not written yet. */
export type NewNotification = Pick<NotificationRow, 'userId' | 'kind' | 'source'> &
  Partial<Pick<NotificationRow, 'actorId' | 'conversationId' | 'messageId' | 'seq' | 'data'>>;

const ref = { type: mongoose.Schema.Types.ObjectId, default: null };
const date = { type: Date, required: true };
const keptSeconds = 90 * 86_400;

const schema = new mongoose.Schema<NotificationRow>(
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
schema.index({ userId: 1, kind: 1, source: 1 }, { unique: true });
schema.index({ userId: 1, updatedAt: -1, _id: -1 });
schema.index({ userId: 1, updatedAt: -1, _id: -1 }, { name: 'unread', partialFilterExpression: { readAt: null } });
schema.index({ conversationId: 1, userId: 1 });
schema.index({ messageId: 1 });
schema.index({ actorId: 1 });
schema.index({ updatedAt: 1 }, { expireAfterSeconds: keptSeconds });

/** Where a page of notifications begins: behind this place. */
export interface NotificationPlace {
  /** Milliseconds since the epoch. */
  updatedAt: number;
  id: string;
}

/** The number of rows per insert, which leaves room for others when a thousand are written. */
const madeTogether = 100;

/** Kinds that reading the conversation marks as read. */
const readByPosition = ['message', 'mention', 'reply'] as const;

/** The reactions to a message, counted. */
type CountedReactions = Pick<
  NotificationRow,
  'userId' | 'source' | 'actorId' | 'conversationId' | 'messageId' | 'count' | 'data'
> & { newest: Types.ObjectId };

/** The rows of notifications: named queries, each served by an index. */
export interface NotificationRepository {
  /** Inserts those that do not exist; returns the rows that this call has inserted. */
  make(notifications: readonly NewNotification[]): Promise<NotificationRow[]>;
  /** Inserts the notification of a session that was ended because its retired token was used. */
  makeSecurity(userId: string, sessionId: string): Promise<NotificationRow[]>;
  /** Writes the count of reactions to a message: one notification, unread again with each. Null if nothing changed. */
  countReactions(reaction: CountedReactions): Promise<{ row: NotificationRow; isNew: boolean } | null>;
  page(
    userId: string,
    page: { isUnread: boolean; after: NotificationPlace | null; limit: number },
  ): Promise<NotificationRow[]>;
  countUnread(userId: string): Promise<number>;
  one(userId: string, id: string): Promise<NotificationRow | null>;
  /** Marks some as read, or all (null); returns those that were unread. */
  read(userId: string, ids: readonly string[] | null): Promise<NotificationRow[]>;
  /** Marks as read what a read position in a conversation reads; returns those that were unread. */
  readIn(userId: string, conversationId: string, seq: number): Promise<NotificationRow[]>;
  /** The unread digests of a conversation. */
  digestsIn(conversationId: Types.ObjectId): Promise<NotificationRow[]>;
  /** The notifications of one message. */
  ofMessage(messageId: Types.ObjectId): Promise<NotificationRow[]>;
  /** The notifications of a user from one conversation. */
  from(conversationId: Types.ObjectId, userId: Types.ObjectId): Promise<NotificationRow[]>;
  /** Removes rows; returns those that this call has removed. */
  remove(rows: readonly NotificationRow[]): Promise<NotificationRow[]>;
}

function rowOf(given: NewNotification): NotificationRow {
  const at = new Date();
  return {
    _id: new Types.ObjectId(),
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

/** One notification per message, unread again with each reaction. */
async function countReactions(
  collection: Collection<NotificationRow>,
  { newest, count, data, actorId, ...reaction }: CountedReactions,
): Promise<{ row: NotificationRow; isNew: boolean } | null> {
  const key = { userId: reaction.userId, kind: 'reaction' as const, source: reaction.source };
  for (;;) {
    const row = await collection.findOne(key);
    if (!row) {
      const made = { ...rowOf({ ...reaction, kind: 'reaction', actorId, data }), count, newest };
      try {
        await collection.insertOne(made);
        return { row: made, isNew: true };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        continue;
      }
    }
    if (row.count === count && row.newest?.equals(newest)) return null;
    const isMore = row.newest === null || String(newest) > String(row.newest);
    const again = isMore ? { actorId, data, newest, readAt: null, updatedAt: new Date() } : {};
    const changed = await collection.findOneAndUpdate(
      { _id: row._id, count: row.count, newest: row.newest },
      { $set: { count, ...again } },
      { returnDocument: 'after' },
    );
    if (changed) return { row: changed, isNew: false };
  }
}

/** Queries by user, conversation and message. */
function readsOf(
  collection: Collection<NotificationRow>,
): Pick<NotificationRepository, 'page' | 'digestsIn' | 'ofMessage' | 'from'> {
  return {
    page(userId, { isUnread, after, limit }) {
      const at = after && new Date(after.updatedAt);
      const behind = after && [
        { updatedAt: { $lt: at as Date } },
        { updatedAt: at as Date, _id: { $lt: new Types.ObjectId(after.id) } },
      ];
      const filter = {
        userId: new Types.ObjectId(userId),
        ...(isUnread ? { readAt: null } : {}),
        // The first condition is where the index begins; the others leave out what was listed already.
        ...(behind ? { updatedAt: { $lte: at as Date }, $or: behind } : {}),
      };
      return collection.find(filter).sort({ updatedAt: -1, _id: -1 }).limit(limit).toArray();
    },
    digestsIn: (conversationId) => collection.find({ conversationId, kind: 'message', readAt: null }).toArray(),
    ofMessage: (messageId) => collection.find({ messageId }).toArray(),
    from: (conversationId, userId) => collection.find({ conversationId, userId }).toArray(),
  };
}

export function createNotificationRepository(connection: Connection): NotificationRepository {
  connection.model<NotificationRow>('Notification', schema, 'notifications');
  const collection = connection.collection<NotificationRow>('notifications');
  const idsOf = (ids: readonly string[]): Types.ObjectId[] => ids.map((one) => new Types.ObjectId(one));

  /** Marks unread rows as read and returns them. Calls for one user must not overlap. */
  async function readAll(filter: object): Promise<NotificationRow[]> {
    const unread = await collection.find({ ...filter, readAt: null }).toArray();
    if (unread.length === 0) return [];
    const readAt = new Date();
    await collection.updateMany({ _id: { $in: unread.map(({ _id }) => _id) }, readAt: null }, { $set: { readAt } });
    return unread.map((row) => ({ ...row, readAt }));
  }

  /** Inserts rows together; returns those that did not exist. */
  async function insert(some: readonly NotificationRow[]): Promise<readonly NotificationRow[]> {
    try {
      await collection.insertMany([...some], { ordered: false });
      return some;
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
      const ids = some.map(({ _id }) => _id);
      const there = await collection.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
      const made = new Set(there.map(({ _id }) => String(_id)));
      return some.filter(({ _id }) => made.has(String(_id)));
    }
  }

  async function make(given: readonly NewNotification[]): Promise<NotificationRow[]> {
    const made: NotificationRow[] = [];
    for (let at = 0; at < given.length; at += madeTogether)
      made.push(...(await insert(given.slice(at, at + madeTogether).map(rowOf))));
    return made;
  }

  return {
    make,
    makeSecurity: (userId, sessionId) =>
      make([{ userId: new Types.ObjectId(userId), kind: 'security', source: sessionId, data: { sessionId } }]),
    countReactions: (reaction) => countReactions(collection, reaction),
    countUnread: (userId) => collection.countDocuments({ userId: new Types.ObjectId(userId), readAt: null }),
    one: (userId, id) => collection.findOne({ _id: new Types.ObjectId(id), userId: new Types.ObjectId(userId) }),
    read: (userId, ids) =>
      readAll({ userId: new Types.ObjectId(userId), ...(ids ? { _id: { $in: idsOf(ids) } } : {}) }),
    readIn: (userId, conversationId, seq) =>
      readAll({
        conversationId: new Types.ObjectId(conversationId),
        userId: new Types.ObjectId(userId),
        kind: { $in: [...readByPosition] },
        seq: { $lte: seq },
      }),
    ...readsOf(collection),
    async remove(some) {
      const removed = await Promise.all(
        some.map(async (row) => ((await collection.deleteOne({ _id: row._id })).deletedCount === 1 ? row : null)),
      );
      return removed.filter((row) => row !== null);
    },
  };
}
