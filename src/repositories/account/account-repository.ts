/** What an account owns or is named by, over all collections: for its export and its erasure. */
import { type Connection, Types } from 'mongoose';
import { durable, majority } from '../concerns.js';
import type { MemberRow } from '../members/member-repository.js';
import type { MessageRow } from '../messages/message-repository.js';
import type { ReactionRow } from '../reactions/reaction-repository.js';
import type { RelationRow } from '../relations/relation-repository.js';

/** The rows of an account: named queries, each served by an index. */
export interface AccountRepository {
  /** All conversations that somebody is or was in, in the order of their ids. */
  conversationsOf(userId: string): Promise<Types.ObjectId[]>;
  /** What he has written in some conversations, tombstones aside. */
  countMessages(userId: string, conversationIds: readonly Types.ObjectId[]): Promise<number>;
  countNotifications(userId: string): Promise<number>;
  /** What he has written in one conversation, by clientId, behind one. */
  messagesOf(
    userId: string,
    conversationId: Types.ObjectId,
    page: { after: string; limit: number },
  ): Promise<MessageRow[]>;
  reactionsOf(userId: string, page: { after: Types.ObjectId | null; limit: number }): Promise<ReactionRow[]>;
  /** Takes him out of contacts and blocks, his own and those of others; gives how much there was, and whose else. */
  forgetRelations(userId: string): Promise<{ count: number; ownerIds: string[] }>;
  /** Removes what was his alone, and what tells others of him; gives how much there was. */
  forgetOwn(userId: string): Promise<number>;
}

/** Gives the rows of accounts on one connection. */
export function createAccountRepository(connection: Connection): AccountRepository {
  const idOf = (userId: string): Types.ObjectId => new Types.ObjectId(userId);
  const messages = connection.collection<MessageRow>('messages');
  const relations = connection.collection<RelationRow>('relations');
  /** The type is that of the partial index, which a query has to name. */
  const isSent = { $type: 'string' as const };

  async function remove(name: string, filter: object): Promise<number> {
    return (await connection.collection(name).deleteMany(filter, durable)).deletedCount;
  }

  return {
    async conversationsOf(userId) {
      const options = { projection: { conversationId: 1 }, ...majority };
      const rows = await connection
        .collection<MemberRow>('members')
        .find({ userId: idOf(userId) }, options)
        .toArray();
      const ids = new Map(rows.map(({ conversationId }) => [String(conversationId), conversationId]));
      return [...ids.keys()].sort().map((key) => ids.get(key) as Types.ObjectId);
    },
    async countMessages(userId, conversationIds) {
      if (conversationIds.length === 0) return 0;
      const key = { conversationId: { $in: [...conversationIds] }, senderId: idOf(userId), clientId: isSent };
      return messages.countDocuments({ ...key, deletedAt: null }, majority);
    },
    countNotifications: (userId) =>
      connection.collection('notifications').countDocuments({ userId: idOf(userId) }, majority),
    messagesOf: (userId, conversationId, { after, limit }) =>
      messages
        .find({ conversationId, senderId: idOf(userId), clientId: { ...isSent, $gt: after } }, majority)
        .sort({ clientId: 1 })
        .limit(limit)
        .toArray(),
    reactionsOf: (userId, { after, limit }) =>
      connection
        .collection<ReactionRow>('reactions')
        .find({ userId: idOf(userId), ...(after ? { _id: { $gt: after } } : {}) }, majority)
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
    async forgetRelations(userId) {
      const theirs = await relations.find({ userId: idOf(userId) }, majority).toArray();
      const removed = await remove('relations', { ownerId: idOf(userId) });
      await relations.deleteMany({ userId: idOf(userId) }, durable);
      return { count: removed + theirs.length, ownerIds: theirs.map(({ ownerId }) => String(ownerId)) };
    },
    async forgetOwn(userId) {
      const _id = idOf(userId);
      const counts = [
        await remove('notifications', { userId: _id }),
        await remove('notifications', { actorId: _id }),
        await remove('hidden', { userId: _id }),
        await remove('sessions', { userId: _id }),
        await remove('jobs', { ownerId: userId, 'data.kind': { $ne: 'account_erased' } }),
      ];
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
