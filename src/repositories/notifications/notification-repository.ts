import type { Collection, Connection } from 'mongoose';
import { createBatch, createBatchedRead } from '../../kernel/batch.js';
import { groupBy } from '../../kernel/group-by.js';
import { createErasesConversation, eraseRows, type ErasesConversation, type ErasesUser } from '../erasing.js';
import { isDuplicateKey, isOnlyDuplicates } from '../errors.js';
import { toId, toIdOrNull, toIds, toRow } from '../ids.js';
import {
  type NewNotification,
  notificationSchema,
  type NotificationRow,
  rowOf,
  storedNotification,
  type StoredNotification,
} from './notification-row.js';

export type { NewNotification, NotificationRow } from './notification-row.js';

/** Where a page of notifications begins: behind this place. */
export interface NotificationPlace {
  /** Milliseconds since the epoch. */
  updatedAt: number;
  id: string;
}

/** The number of rows per insert, which leaves room for others when a thousand are written. */
const insertBatchSize = 100;
/** The number of such inserts that are merged. */
const maxInserts = 20;

/** Kinds that reading the conversation marks as read. */
const readByPosition = ['message', 'mention', 'reply'] as const;

/** The reactions to a message, counted. */
type CountedReactions = Pick<
  NotificationRow,
  'userId' | 'source' | 'actorId' | 'conversationId' | 'messageId' | 'count' | 'data'
> & { newest: string };

/** The rows of notifications: named queries, each served by an index. */
export interface NotificationRepository extends ErasesConversation, ErasesUser {
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
  count(userId: string): Promise<number>;
  one(userId: string, id: string): Promise<NotificationRow | null>;
  /** Marks some as read, or all (null); returns those that were unread. */
  read(userId: string, ids: readonly string[] | null): Promise<NotificationRow[]>;
  /** Marks as read what a read position in a conversation reads; returns those that were unread. */
  readIn(userId: string, conversationId: string, seq: number): Promise<NotificationRow[]>;
  /** The unread digests of a conversation. */
  digestsIn(conversationId: string): Promise<NotificationRow[]>;
  /** The notifications of one message. */
  ofMessage(messageId: string): Promise<NotificationRow[]>;
  /** The notifications of a user from one conversation. */
  from(conversationId: string, userId: string): Promise<NotificationRow[]>;
  /** Removes rows; returns those that this call has removed. */
  remove(rows: readonly NotificationRow[]): Promise<NotificationRow[]>;
}

/** One notification per message, unread again with each reaction. */
async function countReactions(
  collection: Collection<StoredNotification>,
  { newest, count, data, actorId, ...reaction }: CountedReactions,
): Promise<{ row: NotificationRow; isNew: boolean } | null> {
  const key = { userId: toId(reaction.userId), kind: 'reaction' as const, source: reaction.source };
  for (;;) {
    const row = toRow(await collection.findOne(key));
    if (!row) {
      const made = { ...rowOf({ ...reaction, kind: 'reaction', actorId, data }), count, newest };
      try {
        await collection.insertOne(storedNotification(made));
        return { row: made, isNew: true };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        continue;
      }
    }
    if (row.count === count && row.newest === newest) return null;
    const isMore = row.newest === null || newest > row.newest;
    const again = isMore
      ? { actorId: toIdOrNull(actorId), data, newest: toId(newest), readAt: null, updatedAt: new Date() }
      : {};
    const changed = await collection.findOneAndUpdate(
      { _id: toId(row._id), count: row.count, newest: toIdOrNull(row.newest) },
      { $set: { count, ...again } },
      { returnDocument: 'after' },
    );
    if (changed) return { row: toRow(changed), isNew: false };
  }
}

/** A read position of a user in a conversation. */
interface PositionRead {
  userId: string;
  conversationId: string;
  seq: number;
}

const placeKeyOf = ({ userId, conversationId }: { userId: string; conversationId: string | null }): string =>
  `${userId} ${conversationId}`;

/** Queries by user, conversation and message. */
function readsOf(
  collection: Collection<StoredNotification>,
): Pick<NotificationRepository, 'page' | 'digestsIn' | 'ofMessage' | 'from'> {
  const found = (filter: Parameters<typeof collection.find>[0]): Promise<NotificationRow[]> =>
    collection.find(filter).map(toRow).toArray();
  const readDigests = createBatchedRead(async (conversationIds) => {
    const rows = await found({ conversationId: { $in: toIds(conversationIds) }, kind: 'message', readAt: null });
    return groupBy(rows, ({ conversationId }) => String(conversationId));
  });
  return {
    page(userId, { isUnread, after, limit }) {
      const at = after && new Date(after.updatedAt);
      const behind = after && [
        { updatedAt: { $lt: at as Date } },
        { updatedAt: at as Date, _id: { $lt: toId(after.id) } },
      ];
      const filter = {
        userId: toId(userId),
        ...(isUnread ? { readAt: null } : {}),
        // The first condition is where the index begins; the others leave out what was listed already.
        ...(behind ? { updatedAt: { $lte: at as Date }, $or: behind } : {}),
      };
      return collection.find(filter).sort({ updatedAt: -1, _id: -1 }).limit(limit).map(toRow).toArray();
    },
    async digestsIn(conversationId) {
      return (await readDigests(conversationId)) ?? [];
    },
    ofMessage: (messageId) => found({ messageId: toId(messageId) }),
    from: (conversationId, userId) => found({ conversationId: toId(conversationId), userId: toId(userId) }),
  };
}

/** Finds the unread notifications that a read position reads. */
function createPositionReader(collection: Collection<StoredNotification>) {
  return createBatch<PositionRead, NotificationRow[]>(async (calls) => {
    const parts = calls.map(({ userId, conversationId, seq }) => ({
      conversationId: toId(conversationId),
      userId: toId(userId),
      kind: { $in: [...readByPosition] },
      seq: { $lte: seq },
      readAt: null,
    }));
    const rows = groupBy(await collection.find({ $or: parts }).map(toRow).toArray(), placeKeyOf);
    return calls.map((call) => (rows.get(placeKeyOf(call)) ?? []).filter(({ seq }) => seq <= call.seq));
  });
}

/** Inserts the rows of several calls together; returns those of each that did not exist. */
function createInsert(collection: Collection<StoredNotification>) {
  /** Returns the ids of the rows that did not exist. */
  async function insertAll(some: readonly NotificationRow[]): Promise<Set<string>> {
    try {
      await collection.insertMany(some.map(storedNotification), { ordered: false });
      return new Set(some.map(({ _id }) => _id));
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
      const ids = toIds(some.map(({ _id }) => _id));
      const there = await collection.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
      return new Set(there.map(({ _id }) => String(_id)));
    }
  }

  return createBatch<readonly NotificationRow[], NotificationRow[]>(async (calls) => {
    const there = await insertAll(calls.flat());
    return calls.map((rows) => rows.filter(({ _id }) => there.has(_id)));
  }, maxInserts);
}

export function createNotificationRepository(connection: Connection): NotificationRepository {
  connection.model<StoredNotification>('Notification', notificationSchema, 'notifications');
  const collection = connection.collection<StoredNotification>('notifications');

  /** Marks unread rows as read and returns them. Calls for one user must not overlap. */
  async function markRead(unread: readonly NotificationRow[]): Promise<NotificationRow[]> {
    if (unread.length === 0) return [];
    const readAt = new Date();
    await collection.updateMany(
      { _id: { $in: toIds(unread.map(({ _id }) => _id)) }, readAt: null },
      { $set: { readAt } },
    );
    return unread.map((row) => ({ ...row, readAt }));
  }

  const readUnreadIn = createPositionReader(collection);
  const insert = createInsert(collection);

  async function make(given: readonly NewNotification[]): Promise<NotificationRow[]> {
    const made: NotificationRow[] = [];
    for (let at = 0; at < given.length; at += insertBatchSize)
      made.push(...(await insert(given.slice(at, at + insertBatchSize).map(rowOf))));
    return made;
  }

  return {
    make,
    makeSecurity: (userId, sessionId) => make([{ userId, kind: 'security', source: sessionId, data: { sessionId } }]),
    countReactions: (reaction) => countReactions(collection, reaction),
    ...createErasesConversation(collection),
    async eraseUser(userId) {
      const received = await eraseRows(collection, { userId: toId(userId) });
      return received + (await eraseRows(collection, { actorId: toId(userId) }));
    },
    count: (userId) => collection.countDocuments({ userId: toId(userId) }),
    countUnread: (userId) => collection.countDocuments({ userId: toId(userId), readAt: null }),
    one: async (userId, id) => toRow(await collection.findOne({ _id: toId(id), userId: toId(userId) })),
    async read(userId, ids) {
      const filter = { userId: toId(userId), ...(ids ? { _id: { $in: toIds(ids) } } : {}), readAt: null };
      return markRead(await collection.find(filter).map(toRow).toArray());
    },
    readIn: async (userId, conversationId, seq) => markRead(await readUnreadIn({ userId, conversationId, seq })),
    ...readsOf(collection),
    async remove(some) {
      const removed = await Promise.all(
        some.map(async (row) => ((await collection.deleteOne({ _id: toId(row._id) })).deletedCount === 1 ? row : null)),
      );
      return removed.filter((row) => row !== null);
    },
  };
}
