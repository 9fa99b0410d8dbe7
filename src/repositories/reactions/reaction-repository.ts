/** The reactions themselves; the message repeats a summary of them, which is derived from these rows. */
import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { isDuplicateKey } from '../concerns.js';

export interface ReactionRow {
  /** In the order of reacting. */
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
  messageId: Types.ObjectId;
  userId: Types.ObjectId;
  emoji: string;
  createdAt: Date;
}

/** One emoji of one user on one message. */
export type ReactionKey = Pick<ReactionRow, 'messageId' | 'userId' | 'emoji'>;

/** What a message shows of one emoji. */
export interface ReactionSummary {
  emoji: string;
  count: number;
  /** The first 50 users who reacted, oldest reaction first. */
  userIds: Types.ObjectId[];
  /** The first reaction, which decides the order of the emoji. */
  since: Types.ObjectId;
}

const ref = { type: mongoose.Schema.Types.ObjectId, required: true };

const schema = new mongoose.Schema<ReactionRow>(
  {
    conversationId: ref,
    messageId: ref,
    userId: ref,
    emoji: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  { versionKey: false },
);
schema.index({ messageId: 1, userId: 1, emoji: 1 }, { unique: true });
schema.index({ messageId: 1, emoji: 1, _id: 1 });
schema.index({ messageId: 1, _id: 1 });
schema.index({ conversationId: 1 });
schema.index({ userId: 1 });

/** Named queries on lean rows, each served by an index. */
export interface ReactionRepository {
  has(key: ReactionKey): Promise<boolean>;
  /** Returns false if the reaction exists already. */
  insert(row: Omit<ReactionRow, '_id' | 'createdAt'>): Promise<boolean>;
  /** Returns false if there is no such reaction. */
  remove(key: ReactionKey): Promise<boolean>;
  /** Counts one emoji on a message and finds its first users; null if nobody has reacted with it. */
  summaryOf(messageId: Types.ObjectId, emoji: string): Promise<ReactionSummary | null>;
  /** How many reactions a message has from users other than these, and the newest of them. */
  byOthers(
    messageId: Types.ObjectId,
    exceptIds: readonly string[],
  ): Promise<{ count: number; newest: ReactionRow | null }>;
  /** A page of a message's reactions, in the order of reacting. */
  page(messageId: Types.ObjectId, afterId: string | null, limit: number): Promise<ReactionRow[]>;
  /** Some of the reactions of a user. */
  someOf(userId: string, limit: number): Promise<ReactionRow[]>;
  eraseOfMessage(messageId: Types.ObjectId): Promise<void>;
}

const summarizedUsers = 50;

function readsOf(
  reactions: Collection<ReactionRow>,
): Pick<ReactionRepository, 'has' | 'summaryOf' | 'byOthers' | 'page' | 'someOf'> {
  return {
    has: async (key) => (await reactions.findOne(key, { projection: { _id: 1 } })) !== null,
    async summaryOf(messageId, emoji) {
      const [count, first] = await Promise.all([
        reactions.countDocuments({ messageId, emoji }),
        reactions.find({ messageId, emoji }).sort({ _id: 1 }).limit(summarizedUsers).toArray(),
      ]);
      const [oldest] = first;
      return oldest ? { emoji, count, userIds: first.map(({ userId }) => userId), since: oldest._id } : null;
    },
    async byOthers(messageId, exceptIds) {
      const filter = { messageId, userId: { $nin: exceptIds.map((one) => new Types.ObjectId(one)) } };
      const [count, newest] = await Promise.all([
        reactions.countDocuments(filter),
        reactions.findOne(filter, { sort: { _id: -1 } }),
      ]);
      return { count, newest };
    },
    page: (messageId, afterId, limit) =>
      reactions
        .find({ messageId, ...(afterId ? { _id: { $gt: new Types.ObjectId(afterId) } } : {}) })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
    someOf: (userId, limit) =>
      reactions
        .find({ userId: new Types.ObjectId(userId) })
        .limit(limit)
        .toArray(),
  };
}

export function createReactionRepository(connection: Connection): ReactionRepository {
  connection.model<ReactionRow>('Reaction', schema, 'reactions');
  const reactions = connection.collection<ReactionRow>('reactions');

  return {
    ...readsOf(reactions),
    async insert(row) {
      try {
        await reactions.insertOne({ ...row, _id: new Types.ObjectId(), createdAt: new Date() });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return false;
      }
    },
    remove: async (key) => (await reactions.deleteOne(key)).deletedCount === 1,
    async eraseOfMessage(messageId) {
      await reactions.deleteMany({ messageId });
    },
  };
}
