/** The summary of reactions that a message carries: it is derived from the reactions, which are rows of their own. */
import { type Connection, Types } from 'mongoose';
import { firstIdAt } from '../ids.js';
import type { ReactionRepository, ReactionSummary } from '../reactions/reaction-repository.js';
import { type MessageRow, messagesOf, type PendingReaction } from './message-repository.js';

/** Each write is one conditional update of one message. */
export interface ReactionSummaryRepository {
  /** A change that begins now. */
  begin(emoji: string): PendingReaction;
  /** Reserves a place for an emoji on a message; null if the message has too many, or is deleted. */
  reserve(messageId: Types.ObjectId, reaction: PendingReaction, max: number): Promise<MessageRow | null>;
  /**
   * Derives the summary of one emoji from the reactions again and ends a pending reaction; if it has changed anything, it
   * becomes a pending change of the message. Returns the message; null if it is gone.
   */
  applySummary(messageId: Types.ObjectId, reaction: PendingReaction, isChanged: boolean): Promise<MessageRow | null>;
  /** The messages with reactions that were begun before a moment and have not ended. */
  unfinished(before: Date, limit: number): Promise<MessageRow[]>;
}

const after = { returnDocument: 'after' } as const;

/** The summaries of a message with that of one emoji replaced, in the order of the first reactions. */
function withSummary({ reactions }: MessageRow, emoji: string, summary: ReactionSummary | null): ReactionSummary[] {
  const others = reactions.filter((one) => one.emoji !== emoji);
  const all = summary ? [...others, summary] : others;
  return all.sort((a, b) => (String(a.since) < String(b.since) ? -1 : 1));
}

export function createReactionSummaryRepository(
  connection: Connection,
  reactions: Pick<ReactionRepository, 'summaryOf' | 'eraseOfMessage'>,
): ReactionSummaryRepository {
  const messages = messagesOf(connection);

  /** A tombstone keeps no reactions. */
  async function clear({ _id }: MessageRow, { changeId }: PendingReaction): Promise<MessageRow | null> {
    await reactions.eraseOfMessage(_id);
    const nothing = { reactions: [], emojis: [] };
    return messages.findOneAndUpdate({ _id }, { $set: nothing, $pull: { reacting: { changeId } } }, after);
  }

  return {
    begin: (emoji) => ({ changeId: new Types.ObjectId(), emoji }),
    reserve: (_id, reaction, max) =>
      messages.findOneAndUpdate(
        {
          _id,
          deletedAt: null,
          $or: [{ emojis: reaction.emoji }, { [`emojis.${max - 1}`]: { $exists: false } }],
        },
        { $push: { reacting: reaction }, $addToSet: { emojis: reaction.emoji }, $inc: { reactionsVersion: 1 } },
        after,
      ),
    async applySummary(_id, { changeId, emoji }, isChanged) {
      for (;;) {
        // The version first, the reactions second: a faster change in between raises the version, and this one is retried.
        const row = await messages.findOne({ _id });
        if (!row || row.deletedAt) return row && clear(row, { changeId, emoji });
        const summaries = withSummary(row, emoji, await reactions.summaryOf(_id, emoji));
        const waiting = (row.reacting ?? []).filter((one) => !one.changeId.equals(changeId));
        const emojis = [...new Set([...summaries, ...waiting].map((one) => one.emoji))];
        const summarized = await messages.findOneAndUpdate(
          { _id, deletedAt: null, reactionsVersion: row.reactionsVersion },
          {
            $set: { reactions: summaries, emojis },
            $pull: { reacting: { changeId } },
            $inc: { reactionsVersion: 1 },
            ...(isChanged ? { $addToSet: { pending: changeId } } : {}),
          },
          after,
        );
        if (summarized) return summarized;
      }
    },
    unfinished: (before, limit) =>
      messages
        .find({ 'reacting.changeId': { $lt: firstIdAt(before), $type: 'objectId' } })
        .limit(limit)
        .toArray(),
  };
}
