/** What an account owns or is named by, over all collections: for its export and its erasure. */
import { type Connection } from 'mongoose';
import { toId, toIds, toRow } from '../ids.js';
import type { StoredMember } from '../members/member-row.js';
import type { MessageRow, StoredMessage } from '../messages/message-row.js';
import type { ReactionRow, StoredReaction } from '../reactions/reaction-repository.js';
import type { StoredRelation } from '../relations/relation-repository.js';

/** The rows of an account: named queries, each served by an index. */
export interface AccountRepository {
  /** All conversations that somebody is or was in, in the order of their ids. */
  conversationsOf(userId: string): Promise<string[]>;
  /** What he has written in some conversations, tombstones aside. */
  countMessages(userId: string, conversationIds: readonly string[]): Promise<number>;
  countNotifications(userId: string): Promise<number>;
  /** What he has written in one conversation, by clientId, behind one. */
  messagesOf(userId: string, conversationId: string, page: { after: string; limit: number }): Promise<MessageRow[]>;
  reactionsOf(userId: string, page: { after: string | null; limit: number }): Promise<ReactionRow[]>;
  /** Takes him out of contacts and blocks, his own and those of others; gives how much there was, and whose else. */
  forgetRelations(userId: string): Promise<{ count: number; ownerIds: string[] }>;
  /** Removes what was his alone, and what tells others of him; gives how much there was. */
  forgetOwn(userId: string): Promise<number>;
}

/** Gives the rows of accounts on one connection. */
export function createAccountRepository(connection: Connection): AccountRepository {
  const messages = connection.collection<StoredMessage>('messages');
  const relations = connection.collection<StoredRelation>('relations');
  /** The type is that of the partial index, which a query has to name. */
  const isSent = { $type: 'string' as const };

  async function remove(name: string, filter: object): Promise<number> {
    return (await connection.collection(name).deleteMany(filter)).deletedCount;
  }

  return {
    async conversationsOf(userId) {
      const options = { projection: { conversationId: 1 } };
      const rows = await connection
        .collection<StoredMember>('members')
        .find({ userId: toId(userId) }, options)
        .toArray();
      return [...new Set(rows.map(({ conversationId }) => String(conversationId)))].sort();
    },
    async countMessages(userId, conversationIds) {
      if (conversationIds.length === 0) return 0;
      const key = { conversationId: { $in: toIds(conversationIds) }, senderId: toId(userId), clientId: isSent };
      return messages.countDocuments({ ...key, deletedAt: null });
    },
    countNotifications: (userId) => connection.collection('notifications').countDocuments({ userId: toId(userId) }),
    messagesOf: (userId, conversationId, { after, limit }) =>
      messages
        .find({ conversationId: toId(conversationId), senderId: toId(userId), clientId: { ...isSent, $gt: after } })
        .sort({ clientId: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
    reactionsOf: (userId, { after, limit }) =>
      connection
        .collection<StoredReaction>('reactions')
        .find({ userId: toId(userId), ...(after ? { _id: { $gt: toId(after) } } : {}) })
        .sort({ _id: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
    async forgetRelations(userId) {
      const theirs = await relations.find({ userId: toId(userId) }).toArray();
      const removed = await remove('relations', { ownerId: toId(userId) });
      await relations.deleteMany({ userId: toId(userId) });
      return { count: removed + theirs.length, ownerIds: theirs.map(({ ownerId }) => String(ownerId)) };
    },
    async forgetOwn(userId) {
      const _id = toId(userId);
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
