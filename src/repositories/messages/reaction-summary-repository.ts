/** The summary of reactions that a message carries: it is derived from the reactions, which are rows of their own. */
import { type Connection } from 'mongoose';
import { firstIdAt, newId, toId, toRow } from '../ids.js';
import { type ReactionRepository, type ReactionSummary, storedSummary } from '../reactions/reaction-repository.js';
import { type MessageRow, messagesOf, type PendingReaction } from './message-row.js';

/** Each write is one conditional update of one message. */
export interface ReactionSummaryRepository {
  /** A change that begins now. */
  begin(emoji: string): PendingReaction;
  /** Reserves a place for an emoji on a message; null if the message has too many, or is deleted. */
  reserve(messageId: string, reaction: PendingReaction, max: number): Promise<MessageRow | null>;
  /**
   * Derives the summary of one emoji from the reactions again and ends a pending reaction; if it has changed anything, it
   * becomes a pending change of the message. Returns the message; null if it is gone.
   */
  applySummary(messageId: string, reaction: PendingReaction, isChanged: boolean): Promise<MessageRow | null>;
  /** The messages with reactions that were begun before a moment and have not ended. */
  unfinished(before: Date, limit: number): Promise<MessageRow[]>;
}

const after = { returnDocument: 'after' } as const;

/** The summaries of a message with that of one emoji replaced, in the order of the first reactions. */
function withSummary({ reactions }: MessageRow, emoji: string, summary: ReactionSummary | null): ReactionSummary[] {
  const others = reactions.filter((one) => one.emoji !== emoji);
  const all = summary ? [...others, summary] : others;
  return all.sort((a, b) => (a.since < b.since ? -1 : 1));
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
    const update = { $set: nothing, $pull: { reacting: { changeId: toId(changeId) } } };
    return toRow(await messages.findOneAndUpdate({ _id: toId(_id) }, update, after));
  }

  return {
    begin: (emoji) => ({ changeId: newId(), emoji }),
    async reserve(messageId, { changeId, emoji }, max) {
      const reserved = await messages.findOneAndUpdate(
        {
          _id: toId(messageId),
          deletedAt: null,
          $or: [{ emojis: emoji }, { [`emojis.${max - 1}`]: { $exists: false } }],
        },
        {
          $push: { reacting: { changeId: toId(changeId), emoji } },
          $addToSet: { emojis: emoji },
          $inc: { reactionsVersion: 1 },
        },
        after,
      );
      return toRow(reserved);
    },
    async applySummary(messageId, { changeId, emoji }, isChanged) {
      const _id = toId(messageId);
      for (;;) {
        // The version first, the reactions second: a faster change in between raises the version, and this one is retried.
        const row = toRow(await messages.findOne({ _id }));
        if (!row || row.deletedAt) return row && clear(row, { changeId, emoji });
        const summaries = withSummary(row, emoji, await reactions.summaryOf(messageId, emoji));
        const waiting = (row.reacting ?? []).filter((one) => one.changeId !== changeId);
        const emojis = [...new Set([...summaries, ...waiting].map((one) => one.emoji))];
        const summarized = await messages.findOneAndUpdate(
          { _id, deletedAt: null, reactionsVersion: row.reactionsVersion },
          {
            $set: { reactions: summaries.map(storedSummary), emojis },
            $pull: { reacting: { changeId: toId(changeId) } },
            $inc: { reactionsVersion: 1 },
            ...(isChanged ? { $addToSet: { pending: toId(changeId) } } : {}),
          },
          after,
        );
        if (summarized) return toRow(summarized);
      }
    },
    unfinished: (before, limit) =>
      messages
        .find({ 'reacting.changeId': { $lt: toId(firstIdAt(before)), $type: 'objectId' } })
        .limit(limit)
        .map(toRow)
        .toArray(),
  };
}
