/** The reactions themselves; the message repeats a summary of them, which is derived from these rows. */
import { type Id, newId, type Row, toId, toIds, toRow } from '../ids.js';
import mongoose, { type Collection, type Connection } from 'mongoose';
import { createErasesConversation, type ErasesConversation } from '../erasing.js';
import { isDuplicateKey } from '../errors.js';

export interface StoredReaction {
  /** In the order of reacting. */
  _id: Id;
  conversationId: Id;
  messageId: Id;
  userId: Id;
  emoji: string;
  createdAt: Date;
}

export type ReactionRow = Row<StoredReaction>;

/** One emoji of one user on one message. */
export type ReactionKey = Pick<ReactionRow, 'messageId' | 'userId' | 'emoji'>;

/** What a message shows of one emoji. */
export interface StoredSummary {
  emoji: string;
  count: number;
  /** The first 50 users who reacted, oldest reaction first. */
  userIds: Id[];
  /** The first reaction, which decides the order of the emoji. */
  since: Id;
}

export type ReactionSummary = Row<StoredSummary>;

const ref = { type: mongoose.Schema.Types.ObjectId, required: true };

const schema = new mongoose.Schema<StoredReaction>(
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
export interface ReactionRepository extends ErasesConversation {
  has(key: ReactionKey): Promise<boolean>;
  /** Returns false if the reaction exists already. */
  insert(row: Omit<ReactionRow, '_id' | 'createdAt'>): Promise<boolean>;
  /** Returns false if there is no such reaction. */
  remove(key: ReactionKey): Promise<boolean>;
  /** Counts one emoji on a message and finds its first users; null if nobody has reacted with it. */
  summaryOf(messageId: string, emoji: string): Promise<ReactionSummary | null>;
  /** How many reactions a message has from users other than these, and the newest of them. */
  byOthers(messageId: string, exceptIds: readonly string[]): Promise<{ count: number; newest: ReactionRow | null }>;
  /** A page of a message's reactions, in the order of reacting. */
  page(messageId: string, afterId: string | null, limit: number): Promise<ReactionRow[]>;
  /** A page of the reactions of a user, in the order of reacting. */
  pageOf(userId: string, page: { after: string | null; limit: number }): Promise<ReactionRow[]>;
  /** Some of the reactions of a user. */
  someOf(userId: string, limit: number): Promise<ReactionRow[]>;
  eraseOfMessage(messageId: string): Promise<void>;
}

const storedKey = ({ messageId, userId, emoji }: ReactionKey) => ({
  messageId: toId(messageId),
  userId: toId(userId),
  emoji,
});

export function storedSummary({ userIds, since, ...rest }: ReactionSummary): StoredSummary {
  return { ...rest, userIds: toIds(userIds), since: toId(since) };
}

const summarizedUsers = 50;

function readsOf(
  reactions: Collection<StoredReaction>,
): Pick<ReactionRepository, 'has' | 'summaryOf' | 'byOthers' | 'page' | 'pageOf' | 'someOf'> {
  return {
    has: async (key) => (await reactions.findOne(storedKey(key), { projection: { _id: 1 } })) !== null,
    async summaryOf(id, emoji) {
      const messageId = toId(id);
      const [count, first] = await Promise.all([
        reactions.countDocuments({ messageId, emoji }),
        reactions.find({ messageId, emoji }).sort({ _id: 1 }).limit(summarizedUsers).toArray(),
      ]);
      const [oldest] = first;
      return oldest ? toRow({ emoji, count, userIds: first.map(({ userId }) => userId), since: oldest._id }) : null;
    },
    async byOthers(messageId, exceptIds) {
      const filter = { messageId: toId(messageId), userId: { $nin: toIds(exceptIds) } };
      const [count, newest] = await Promise.all([
        reactions.countDocuments(filter),
        reactions.findOne(filter, { sort: { _id: -1 } }),
      ]);
      return { count, newest: toRow(newest) };
    },
    page: (messageId, afterId, limit) =>
      reactions
        .find({ messageId: toId(messageId), ...(afterId ? { _id: { $gt: toId(afterId) } } : {}) })
        .sort({ _id: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
    pageOf: (userId, { after, limit }) =>
      reactions
        .find({ userId: toId(userId), ...(after ? { _id: { $gt: toId(after) } } : {}) })
        .sort({ _id: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
    someOf: (userId, limit) =>
      reactions
        .find({ userId: toId(userId) })
        .limit(limit)
        .map(toRow)
        .toArray(),
  };
}

export function createReactionRepository(connection: Connection): ReactionRepository {
  connection.model<StoredReaction>('Reaction', schema, 'reactions');
  const reactions = connection.collection<StoredReaction>('reactions');

  return {
    ...readsOf(reactions),
    ...createErasesConversation(reactions),
    async insert({ conversationId, ...key }) {
      try {
        await reactions.insertOne({
          _id: toId(newId()),
          conversationId: toId(conversationId),
          ...storedKey(key),
          createdAt: new Date(),
        });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return false;
      }
    },
    remove: async (key) => (await reactions.deleteOne(storedKey(key))).deletedCount === 1,
    async eraseOfMessage(messageId) {
      await reactions.deleteMany({ messageId: toId(messageId) });
    },
  };
}
