/** Who has reacted to what: rows are the truth, and the message keeps what is shown of them. */
import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { durable, isDuplicateKey, majority } from '../concerns.js';
import { firstIdAt } from '../ids.js';
import { type MessageRow, messagesOf, type ReactionSummary } from '../messages/message-repository.js';

export interface ReactionRow {
  /** In the order of reacting. */
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
  messageId: Types.ObjectId;
  userId: Types.ObjectId;
  emoji: string;
  createdAt: Date;
}

/** One emoji of one person on one message. */
export type ReactionKey = Pick<ReactionRow, 'messageId' | 'userId' | 'emoji'>;

/** A change of the reactions of a message that is under way. */
export interface Reacting {
  changeId: Types.ObjectId;
  emoji: string;
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

/** The rows of reactions and their summary: named queries, each served by an index. */
export interface ReactionRepository {
  /** A change that begins now. */
  begin(emoji: string): Reacting;
  has(key: ReactionKey): Promise<boolean>;
  /** Keeps a place for an emoji on a message; null where there are too many, or where it is deleted. */
  reserve(messageId: Types.ObjectId, reacting: Reacting, max: number): Promise<MessageRow | null>;
  /** False if it is there. */
  insert(row: Omit<ReactionRow, '_id' | 'createdAt'>): Promise<boolean>;
  /** False if it is not there. */
  remove(key: ReactionKey): Promise<boolean>;
  /**
   * Brings what the message shows of an emoji up to the rows, and ends a change that was under way: with its mark if it
   * has changed something. Gives the message; null if it is gone.
   */
  applySummary(messageId: Types.ObjectId, reacting: Reacting, isChanged: boolean): Promise<MessageRow | null>;
  /** How many reactions a message has from others than these, and the newest of them. */
  byOthers(
    messageId: Types.ObjectId,
    exceptIds: readonly string[],
  ): Promise<{ count: number; newest: ReactionRow | null }>;
  /** A page of a message's reactions, in the order of reacting. */
  page(messageId: Types.ObjectId, afterId: string | null, limit: number): Promise<ReactionRow[]>;
  /** Some of the reactions of a person. */
  someOf(userId: string, limit: number): Promise<ReactionRow[]>;
  /** The messages with changes that were begun before a moment and have not ended. */
  unfinished(before: Date, limit: number): Promise<MessageRow[]>;
}

const shownPeople = 50;
const after = { returnDocument: 'after', ...durable } as const;

/** What is shown of one emoji; null where nobody has reacted with it. */
async function summaryOf(
  reactions: Collection<ReactionRow>,
  messageId: Types.ObjectId,
  emoji: string,
): Promise<ReactionSummary | null> {
  const [count, first] = await Promise.all([
    reactions.countDocuments({ messageId, emoji }, majority),
    reactions.find({ messageId, emoji }, majority).sort({ _id: 1 }).limit(shownPeople).toArray(),
  ]);
  const [oldest] = first;
  return oldest ? { emoji, count, userIds: first.map(({ userId }) => userId), since: oldest._id } : null;
}

/** The summary of a message with another one of one emoji; in the order of the first who reacted. */
function summaryWith(
  { reactions }: MessageRow,
  { emoji }: Reacting,
  summary: ReactionSummary | null,
): ReactionSummary[] {
  const others = reactions.filter((one) => one.emoji !== emoji);
  const all = summary ? [...others, summary] : others;
  return all.sort((a, b) => (String(a.since) < String(b.since) ? -1 : 1));
}

function readsOf(reactions: Collection<ReactionRow>): Pick<ReactionRepository, 'has' | 'byOthers' | 'page' | 'someOf'> {
  return {
    has: async (key) => (await reactions.findOne(key, { projection: { _id: 1 }, ...majority })) !== null,
    someOf: (userId, limit) =>
      reactions
        .find({ userId: new Types.ObjectId(userId) }, majority)
        .limit(limit)
        .toArray(),
    async byOthers(messageId, exceptIds) {
      const filter = { messageId, userId: { $nin: exceptIds.map((one) => new Types.ObjectId(one)) } };
      const [count, newest] = await Promise.all([
        reactions.countDocuments(filter, majority),
        reactions.findOne(filter, { sort: { _id: -1 }, ...majority }),
      ]);
      return { count, newest };
    },
    page: (messageId, afterId, limit) =>
      reactions
        .find({ messageId, ...(afterId ? { _id: { $gt: new Types.ObjectId(afterId) } } : {}) }, majority)
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
  };
}

/** Gives the rows of reactions on one connection. */
export function createReactionRepository(connection: Connection): ReactionRepository {
  connection.model<ReactionRow>('Reaction', schema, 'reactions');
  const reactions = connection.collection<ReactionRow>('reactions');
  const messages = messagesOf(connection);

  /** What a tombstone keeps of its reactions: nothing. */
  async function clear({ _id }: MessageRow, { changeId }: Reacting): Promise<MessageRow | null> {
    await reactions.deleteMany({ messageId: _id }, durable);
    const nothing = { reactions: [], emojis: [] };
    return messages.findOneAndUpdate({ _id }, { $set: nothing, $pull: { reacting: { changeId } } }, after);
  }

  return {
    begin: (emoji) => ({ changeId: new Types.ObjectId(), emoji }),
    reserve: (_id, reacting, max) =>
      messages.findOneAndUpdate(
        {
          _id,
          deletedAt: null,
          $or: [{ emojis: reacting.emoji }, { [`emojis.${max - 1}`]: { $exists: false } }],
        },
        { $push: { reacting }, $addToSet: { emojis: reacting.emoji }, $inc: { reactionsVersion: 1 } },
        after,
      ),
    async insert(row) {
      try {
        await reactions.insertOne({ ...row, _id: new Types.ObjectId(), createdAt: new Date() }, durable);
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return false;
      }
    },
    remove: async (key) => (await reactions.deleteOne(key, durable)).deletedCount === 1,
    async applySummary(_id, reacting, isChanged) {
      for (;;) {
        // The version first, the rows second: whoever was faster in between has made it another one.
        const row = await messages.findOne({ _id }, majority);
        if (!row || row.deletedAt) return row && clear(row, reacting);
        const shown = summaryWith(row, reacting, await summaryOf(reactions, _id, reacting.emoji));
        const waiting = (row.reacting ?? []).filter(({ changeId }) => !changeId.equals(reacting.changeId));
        const emojis = [...new Set([...shown, ...waiting].map(({ emoji }) => emoji))];
        const summarized = await messages.findOneAndUpdate(
          { _id, deletedAt: null, reactionsVersion: row.reactionsVersion },
          {
            $set: { reactions: shown, emojis },
            $pull: { reacting: { changeId: reacting.changeId } },
            $inc: { reactionsVersion: 1 },
            ...(isChanged ? { $addToSet: { pending: reacting.changeId } } : {}),
          },
          after,
        );
        if (summarized) return summarized;
      }
    },
    ...readsOf(reactions),
    unfinished: (before, limit) =>
      messages
        .find({ 'reacting.changeId': { $lt: firstIdAt(before), $type: 'objectId' } }, majority)
        .limit(limit)
        .toArray(),
  };
}
