import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { durable, isDuplicateKey, isOnlyDuplicates, majority } from '../concerns.js';
import type { NotificationData, NotificationKind } from '@causerie/contract/notifications';

export interface NotificationRow {
  _id: Types.ObjectId;
  userId: Types.ObjectId;
  kind: NotificationKind;
  /** What it is of: with person and kind it is unique, so nothing is told twice, whoever finishes it. */
  source: string;
  actorId: Types.ObjectId | null;
  conversationId: Types.ObjectId | null;
  messageId: Types.ObjectId | null;
  /** The number of the message that reading up to reads it; 0 where any reading of the conversation does. */
  seq: number;
  count: number;
  data: NotificationData;
  /** The newest reaction that is counted. */
  newest: Types.ObjectId | null;
  readAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A notification before it is made. */
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

/** So many are inserted by one command: who writes to a thousand leaves room for others. */
const madeTogether = 100;

/** Kinds that reading a conversation reads. */
const readByPosition = ['message', 'mention', 'reply'] as const;

/** What the reactions to a message come to. */
type CountedReactions = Pick<
  NotificationRow,
  'userId' | 'source' | 'actorId' | 'conversationId' | 'messageId' | 'count' | 'data'
> & { newest: Types.ObjectId };

/** The rows of notifications: named queries, each served by an index. */
export interface NotificationRepository {
  /** Makes what is not there; gives the rows that this call has made. */
  make(notifications: readonly NewNotification[]): Promise<NotificationRow[]>;
  /** Makes that of a session which was ended because its retired token was used. */
  makeSecurity(userId: string, sessionId: string): Promise<NotificationRow[]>;
  /** Counts the reactions to a message: one notification, which is new again with each. Null where nothing has changed. */
  countReactions(reaction: CountedReactions): Promise<{ row: NotificationRow; isNew: boolean } | null>;
  page(
    userId: string,
    page: { isUnread: boolean; after: NotificationPlace | null; limit: number },
  ): Promise<NotificationRow[]>;
  countUnread(userId: string): Promise<number>;
  one(userId: string, id: string): Promise<NotificationRow | null>;
  /** Reads some, or all (null); gives those that were not. */
  read(userId: string, ids: readonly string[] | null): Promise<NotificationRow[]>;
  /** Reads what a mark in a conversation reads; gives what was not. */
  readIn(userId: string, conversationId: string, seq: number): Promise<NotificationRow[]>;
  /** The notifications of unread messages of a conversation that are not read. */
  digestsIn(conversationId: Types.ObjectId): Promise<NotificationRow[]>;
  /** Those of one message. */
  ofMessage(messageId: Types.ObjectId): Promise<NotificationRow[]>;
  /** Those of a person from one conversation. */
  from(conversationId: Types.ObjectId, userId: Types.ObjectId): Promise<NotificationRow[]>;
  /** Gives those that this call has removed. */
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

/** One notification for a message, which is new again with each reaction. */
async function countReactions(
  collection: Collection<NotificationRow>,
  { newest, count, data, actorId, ...reaction }: CountedReactions,
): Promise<{ row: NotificationRow; isNew: boolean } | null> {
  const key = { userId: reaction.userId, kind: 'reaction' as const, source: reaction.source };
  for (;;) {
    const row = await collection.findOne(key, majority);
    if (!row) {
      const made = { ...rowOf({ ...reaction, kind: 'reaction', actorId, data }), count, newest };
      try {
        await collection.insertOne(made, durable);
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
      { returnDocument: 'after', ...durable },
    );
    if (changed) return { row: changed, isNew: false };
  }
}

/** What there is of a person, a conversation or a message. */
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
        // The first condition is where the index begins; the others leave out what has been told.
        ...(behind ? { updatedAt: { $lte: at as Date }, $or: behind } : {}),
      };
      return collection.find(filter, majority).sort({ updatedAt: -1, _id: -1 }).limit(limit).toArray();
    },
    digestsIn: (conversationId) =>
      collection.find({ conversationId, kind: 'message', readAt: null }, majority).toArray(),
    ofMessage: (messageId) => collection.find({ messageId }, majority).toArray(),
    from: (conversationId, userId) => collection.find({ conversationId, userId }, majority).toArray(),
  };
}

/** Gives the rows of notifications on one connection. */
export function createNotificationRepository(connection: Connection): NotificationRepository {
  connection.model<NotificationRow>('Notification', schema, 'notifications');
  const collection = connection.collection<NotificationRow>('notifications');
  const idsOf = (ids: readonly string[]): Types.ObjectId[] => ids.map((one) => new Types.ObjectId(one));

  /** Reads what is not read, and tells which: each by one conditional write, so that nobody is told twice. */
  async function readAll(filter: object): Promise<NotificationRow[]> {
    const unread = await collection.find({ ...filter, readAt: null }, majority).toArray();
    if (unread.length === 0) return [];
    const readAt = new Date();
    await collection.updateMany(
      { _id: { $in: unread.map(({ _id }) => _id) }, readAt: null },
      { $set: { readAt } },
      durable,
    );
    return unread.map((row) => ({ ...row, readAt }));
  }

  /** Inserts rows together; gives those that were not there. */
  async function insert(some: readonly NotificationRow[]): Promise<readonly NotificationRow[]> {
    try {
      await collection.insertMany([...some], { ordered: false, ...durable });
      return some;
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
      const ids = some.map(({ _id }) => _id);
      const there = await collection.find({ _id: { $in: ids } }, { projection: { _id: 1 }, ...majority }).toArray();
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
    countUnread: (userId) => collection.countDocuments({ userId: new Types.ObjectId(userId), readAt: null }, majority),
    one: (userId, id) =>
      collection.findOne({ _id: new Types.ObjectId(id), userId: new Types.ObjectId(userId) }, majority),
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
        some.map(async (row) =>
          (await collection.deleteOne({ _id: row._id }, durable)).deletedCount === 1 ? row : null,
        ),
      );
      return removed.filter((row) => row !== null);
    },
  };
}
