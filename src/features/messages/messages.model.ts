import mongoose, { type Connection, Types } from 'mongoose';
import { type Inserted, outcomeOf } from '../../log/entry.js';

export interface MessageRow {
  /** Made by the server before the insert, so that it carries the time and tells a repeated insert from a new one. */
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
  /** 1, 2, 3 ... without a gap in each conversation. */
  seq: number;
  /** The number of its last change, 0 if it never changed. */
  rev: number;
  senderId: Types.ObjectId;
  clientId: string;
  /** A keyed digest of the content as first sent, which tells a retry from another message under the same clientId. */
  digest: string;
  text: string;
  replyTo: Types.ObjectId | null;
  mentions: Types.ObjectId[];
  createdAt: Date;
}

const id = { type: mongoose.Schema.Types.ObjectId, required: true };

const schema = new mongoose.Schema<MessageRow>(
  {
    conversationId: id,
    seq: { type: Number, required: true },
    rev: { type: Number, required: true },
    senderId: id,
    clientId: { type: String, required: true },
    digest: { type: String, required: true },
    text: { type: String, default: '' },
    replyTo: { type: mongoose.Schema.Types.ObjectId, default: null },
    mentions: { type: [mongoose.Schema.Types.ObjectId], default: [] },
    createdAt: { type: Date, required: true },
  },
  { versionKey: false },
);
schema.index({ conversationId: 1, seq: 1 }, { unique: true });
schema.index(
  { conversationId: 1, senderId: 1, clientId: 1 },
  { unique: true, partialFilterExpression: { clientId: { $type: 'string' } } },
);
// System messages, which a change of a group brings, will be told apart by the change that made them.
schema.index({ changeId: 1 }, { unique: true, partialFilterExpression: { changeId: { $type: 'objectId' } } });

/** What identifies a send for its sender. */
export interface SendKey {
  conversationId: string;
  senderId: string;
  clientId: string;
}

/** Part of a conversation, in ascending order of `seq`. */
export interface Range {
  /** Only above this number. */
  above: number;
  /** Only below this number; null for no bound. */
  below: number | null;
  limit: number;
  /** From which end the limit counts. */
  nearest: 'above' | 'below';
}

/** The rows of messages: named queries on lean rows, each served by an index, read by majority. */
export interface MessageRows {
  /** Inserts in order with a journaled majority write, and stops at the first failure. */
  insertInOrder(rows: readonly MessageRow[]): Promise<Inserted>;
  lastSeq(conversationId: string): Promise<number>;
  byId(messageId: string): Promise<MessageRow | null>;
  byIds(messageIds: readonly string[]): Promise<MessageRow[]>;
  bySendKey(key: SendKey): Promise<MessageRow | null>;
  range(conversationId: string, range: Range): Promise<MessageRow[]>;
  /** The rows of these places: one query for the last messages of a page of conversations. */
  atPlaces(places: readonly { conversationId: Types.ObjectId; seq: number }[]): Promise<MessageRow[]>;
  countMentions(
    places: readonly { conversationId: Types.ObjectId; above: number; userId: string }[],
  ): Promise<Map<string, number>>;
  /** Rows by the time of their ids, from `after` on. */
  since(after: Types.ObjectId | null, limit: number): Promise<MessageRow[]>;
}

const majority = { readConcern: { level: 'majority' }, readPreference: 'primary' } as const;
const durable = { writeConcern: { w: 'majority', journal: true } } as const;

type Collection = ReturnType<typeof collectionOf>;

function collectionOf(connection: Connection) {
  return connection.collection<MessageRow>('messages');
}

/** How many messages above a place mention somebody, by conversation. */
async function countMentions(
  messages: Collection,
  places: Parameters<MessageRows['countMentions']>[0],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (places.length === 0) return counts;
  const unread = places.map(({ conversationId, above, userId }) => ({
    conversationId,
    seq: { $gt: above },
    mentions: new Types.ObjectId(userId),
  }));
  const rows = await messages
    .find({ $or: unread }, { projection: { conversationId: 1 }, ...majority })
    .sort({ _id: 1 })
    .toArray();
  for (const row of rows) {
    const key = String(row.conversationId);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Gives the rows of messages on one connection. */
export function messagesModel(connection: Connection): MessageRows {
  connection.model<MessageRow>('Message', schema, 'messages');
  const messages = collectionOf(connection);

  return {
    async insertInOrder(rows) {
      try {
        await messages.insertMany([...rows], { ordered: true, ...durable });
        return { outcome: 'all' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async lastSeq(conversationId) {
      const last = await messages.findOne(
        { conversationId: new Types.ObjectId(conversationId) },
        { sort: { seq: -1 }, projection: { seq: 1 }, ...majority },
      );
      return last?.seq ?? 0;
    },
    byId: (messageId) => messages.findOne({ _id: new Types.ObjectId(messageId) }, majority),
    byIds: (messageIds) =>
      messages
        .find({ _id: { $in: messageIds.map((one) => new Types.ObjectId(one)) } }, majority)
        .sort({ _id: 1 })
        .toArray(),
    bySendKey: ({ conversationId, senderId, clientId }) =>
      messages.findOne(
        { conversationId: new Types.ObjectId(conversationId), senderId: new Types.ObjectId(senderId), clientId },
        majority,
      ),
    async range(conversationId, { above, below, limit, nearest }) {
      const seq = { $gt: above, ...(below === null ? {} : { $lt: below }) };
      const rows = await messages
        .find({ conversationId: new Types.ObjectId(conversationId), seq }, majority)
        .sort({ seq: nearest === 'above' ? 1 : -1 })
        .limit(limit)
        .toArray();
      return nearest === 'above' ? rows : rows.reverse();
    },
    async atPlaces(places) {
      if (places.length === 0) return [];
      const wanted = places.map(({ conversationId, seq }) => ({ conversationId, seq }));
      return messages.find({ $or: wanted }, majority).sort({ _id: 1 }).toArray();
    },
    countMentions: (places) => countMentions(messages, places),
    since: (after, limit) =>
      messages
        .find(after ? { _id: { $gt: after } } : {}, majority)
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
  };
}
