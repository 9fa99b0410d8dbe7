import type { Collection, Connection } from 'mongoose';
import type { Place, Stretch } from '../hidden/hidden-repository.js';
import { createBatch } from '../../kernel/batch.js';
import { groupBy } from '../../kernel/group-by.js';
import { createErasesConversation, type ErasesConversation } from '../erasing.js';
import { toId, toIds, toRow } from '../ids.js';
import { createLogRepository, type LogRepository } from '../log-repository.js';
import { messageSchema, messagesOf, type MessageRow, type StoredMessage } from './message-row.js';
import { storedMessage } from './new-message.js';

export type { MessageRow } from './message-row.js';

/** Identifies a message for its sender: a retry has the same key. */
export interface SendKey {
  conversationId: string;
  senderId: string;
  clientId: string;
}

/** Part of a conversation, in ascending order of `seq`. */
export interface MessageRange {
  /** Only above this number. */
  above: number;
  /** Only below this number; null for no bound. */
  below: number | null;
  limit: number;
  /** The end from which the limit counts. */
  nearest: 'above' | 'below';
}

export interface MentionPlace extends Place {
  senderId: string | null;
}

/** Queries on stretches of many conversations at once. */
interface StretchReads {
  /** All messages in these stretches. */
  allWithin(stretches: readonly Stretch[]): Promise<MessageRow[]>;
  /** The messages in one stretch, in order; several calls of one turn are one query. */
  within(stretch: Stretch): Promise<MessageRow[]>;
  /** The messages in these stretches that count for no badge. */
  uncountedWithin(stretches: readonly Stretch[]): Promise<Place[]>;
  /** The messages in these stretches that mention a user, and their senders; without muted mentions. */
  mentionsWithin(userId: string, stretches: readonly Stretch[]): Promise<MentionPlace[]>;
}

/** The messages that a user has sent, without system messages. */
interface SenderReads {
  /** Their number in some conversations, without tombstones. */
  countSentBy(userId: string, conversationIds: readonly string[]): Promise<number>;
  /** A page of them in one conversation, ordered by clientId, behind one. */
  sentBy(userId: string, conversationId: string, page: { after: string; limit: number }): Promise<MessageRow[]>;
}

/** Named queries on lean rows, each served by an index. */
export interface MessageRepository extends LogRepository<MessageRow>, StretchReads, SenderReads, ErasesConversation {
  lastSeq(conversationId: string): Promise<number>;
  byId(messageId: string): Promise<MessageRow | null>;
  byIds(messageIds: readonly string[]): Promise<MessageRow[]>;
  /** Messages, and the messages that they quote. */
  withQuoted(messageIds: readonly string[]): Promise<{ rows: MessageRow[]; quoted: MessageRow[] }>;
  bySendKey(key: SendKey): Promise<MessageRow | null>;
  /** The system message of a change. */
  byChangeId(changeId: string): Promise<MessageRow | null>;
  range(conversationId: string, range: MessageRange): Promise<MessageRow[]>;
  /** The messages at these places, by one query. */
  atPlaces(places: readonly Place[]): Promise<MessageRow[]>;
  /** The newest message that counts for badges. */
  newestCounted(conversationId: string): Promise<MessageRow | null>;
  /** Whether a user has ever written in a conversation. */
  hasWritten(conversationId: string, userId: string): Promise<boolean>;
}

/** The places of the messages that match one of these filters. */
async function placesOf(messages: Collection<StoredMessage>, filters: readonly object[]): Promise<Place[]> {
  if (filters.length === 0) return [];
  const projection = { _id: 0, conversationId: 1, seq: 1 } as const;
  return messages
    .find({ $or: [...filters] }, { projection })
    .map(toRow)
    .toArray() as Promise<Place[]>;
}

const within = ({ conversationId, above, upTo }: Stretch) => ({
  conversationId: toId(conversationId),
  seq: { $gt: above, $lte: upTo },
});

function createStretchReads(messages: Collection<StoredMessage>): StretchReads {
  const allWithin = async (stretches: readonly Stretch[]): Promise<MessageRow[]> =>
    stretches.length === 0
      ? []
      : messages
          .find({ $or: stretches.map(within) })
          .map(toRow)
          .toArray();

  return {
    allWithin,
    within: createBatch(async (stretches) => {
      const rows = groupBy(await allWithin(stretches), ({ conversationId }) => conversationId);
      return stretches.map(({ conversationId, above, upTo }) =>
        (rows.get(conversationId) ?? []).filter(({ seq }) => seq > above && seq <= upTo).sort((a, b) => a.seq - b.seq),
      );
    }),
    uncountedWithin: (stretches) =>
      placesOf(
        messages,
        stretches.map((stretch) => ({ ...within(stretch), uncounted: true })),
      ),
    mentionsWithin(userId, stretches) {
      // The query has to repeat the condition of the partial index.
      const mentions = { $eq: toId(userId), $type: 'objectId' as const };
      if (stretches.length === 0) return Promise.resolve([]);
      const notMuted = { $ne: toId(userId) };
      const parts = stretches.map((stretch) => ({ mentions, ...within(stretch), unheard: notMuted }));
      const projection = { _id: 0, conversationId: 1, seq: 1, senderId: 1 } as const;
      return messages.find({ $or: parts }, { projection }).map(toRow).toArray() as Promise<MentionPlace[]>;
    },
  };
}

function createSenderReads(messages: Collection<StoredMessage>): SenderReads {
  // A query has to repeat the condition of the partial index.
  const isSent = { $type: 'string' as const };
  return {
    async countSentBy(userId, conversationIds) {
      if (conversationIds.length === 0) return 0;
      const key = { conversationId: { $in: toIds(conversationIds) }, senderId: toId(userId), clientId: isSent };
      return messages.countDocuments({ ...key, deletedAt: null });
    },
    sentBy: (userId, conversationId, { after, limit }) =>
      messages
        .find({ conversationId: toId(conversationId), senderId: toId(userId), clientId: { ...isSent, $gt: after } })
        .sort({ clientId: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
  };
}

type KeyReads = Pick<MessageRepository, 'bySendKey' | 'newestCounted' | 'hasWritten' | 'byChangeId'>;

/** Reads that find at most one message by a unique key or at the end of an index. */
function createKeyReads(messages: Collection<StoredMessage>): KeyReads {
  return {
    async bySendKey({ conversationId, senderId, clientId }) {
      const found = await messages.findOne({
        conversationId: toId(conversationId),
        senderId: toId(senderId),
        // The query has to repeat the condition of the partial index.
        clientId: { $eq: clientId, $type: 'string' },
      });
      return toRow(found);
    },
    async newestCounted(conversationId) {
      const filter = { conversationId: toId(conversationId), uncounted: { $exists: false } };
      return toRow(await messages.findOne(filter, { sort: { seq: -1 } }));
    },
    async hasWritten(conversationId, userId) {
      const key = {
        conversationId: toId(conversationId),
        senderId: toId(userId),
        clientId: { $type: 'string' as const },
      };
      return (await messages.findOne(key, { projection: { _id: 1 } })) !== null;
    },
    byChangeId: async (changeId) =>
      toRow(await messages.findOne({ changeId: { $eq: toId(changeId), $type: 'objectId' } })),
  };
}

export function createMessageRepository(connection: Connection): MessageRepository {
  connection.model<StoredMessage>('Message', messageSchema, 'messages');
  const messages = messagesOf(connection);

  return {
    ...createLogRepository(messages, storedMessage),
    ...createStretchReads(messages),
    ...createSenderReads(messages),
    ...createErasesConversation(messages),
    async lastSeq(conversationId) {
      const last = await messages.findOne(
        { conversationId: toId(conversationId) },
        { sort: { seq: -1 }, projection: { seq: 1 } },
      );
      return last?.seq ?? 0;
    },
    byId: async (messageId) => toRow(await messages.findOne({ _id: toId(messageId) })),
    byIds: (messageIds) =>
      messages
        .find({ _id: { $in: toIds(messageIds) } })
        .sort({ _id: 1 })
        .map(toRow)
        .toArray(),
    async withQuoted(messageIds) {
      if (messageIds.length === 0) return { rows: [], quoted: [] };
      const _id = { $in: toIds(messageIds) };
      const lookup = { from: 'messages', localField: 'replyTo', foreignField: '_id', as: 'quoted' };
      const pipeline = [{ $match: { _id } }, { $lookup: lookup }];
      const found = await messages
        .aggregate<StoredMessage & { quoted: StoredMessage[] }>(pipeline)
        .map(toRow)
        .toArray();
      const rows = found.map(({ quoted: _quoted, ...row }) => row);
      return { rows, quoted: found.flatMap(({ quoted }) => quoted) };
    },
    ...createKeyReads(messages),
    async range(conversationId, { above, below, limit, nearest }) {
      const seq = { $gt: above, ...(below === null ? {} : { $lt: below }) };
      const rows = await messages
        .find({ conversationId: toId(conversationId), seq })
        .sort({ seq: nearest === 'above' ? 1 : -1 })
        .limit(limit)
        .map(toRow)
        .toArray();
      return nearest === 'above' ? rows : rows.reverse();
    },
    async atPlaces(places) {
      if (places.length === 0) return [];
      const wanted = places.map(({ conversationId, seq }) => ({ conversationId: toId(conversationId), seq }));
      return messages.find({ $or: wanted }).map(toRow).toArray();
    },
  };
}
