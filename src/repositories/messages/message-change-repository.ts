/** Changes of messages: the content and its pending change are written in one update, the number of the change afterwards. */
import { type Connection, Types } from 'mongoose';
import { wordsOf } from '../../kernel/words.js';
import { firstIdAt } from '../ids.js';
import type { ChangeRepository } from '../changes/change-repository.js';
import { type MessageRow, messagesOf } from './message-repository.js';

/** One change of a message, by the id under which it gets its number. */
export interface Change {
  changeId: Types.ObjectId;
  at: Date;
}

/** Each write is one conditional update of one message. */
export interface MessageChangeRepository {
  /** A change that begins now. */
  begin(): Change;
  /** Replaces the text of a message if nobody has changed it since `row` was read; null if somebody has. */
  edit(row: MessageRow, text: string, change: Change): Promise<MessageRow | null>;
  /** Removes all content; null if the message was deleted before. */
  erase(messageId: Types.ObjectId, change: Change): Promise<MessageRow | null>;
  /** Records the number of a change, which is pending no longer. Returns the message as it is then; null if it is gone. */
  complete(messageId: Types.ObjectId, changeId: Types.ObjectId, rev: number): Promise<MessageRow | null>;
  /** The messages with changes that were begun before a moment and are still pending. */
  unfinished(before: Date, limit: number): Promise<MessageRow[]>;
  /** Rows with the numbers of changes that are not recorded in them yet: a rev is the larger of its own and its record's. */
  withRevs(rows: readonly MessageRow[]): Promise<MessageRow[]>;
}

const keptRevisions = 20;
const after = { returnDocument: 'after' } as const;

/** What a tombstone keeps of the content: nothing. */
const nothing = { text: '', words: [], mentions: [], replyTo: null, revisions: [], reactions: [], emojis: [] };

export function createMessageChangeRepository(
  connection: Connection,
  changes: Pick<ChangeRepository, 'byChangeIds' | 'replace'>,
): MessageChangeRepository {
  const messages = messagesOf(connection);
  return {
    begin: () => ({ changeId: new Types.ObjectId(), at: new Date() }),
    edit: ({ _id, revision, text: replaced }, text, { changeId, at }) =>
      messages.findOneAndUpdate(
        { _id, revision, deletedAt: null },
        {
          $set: { text, words: wordsOf(text), editedAt: at },
          $inc: { revision: 1 },
          $push: { revisions: { $each: [{ text: replaced, editedAt: at }], $slice: -keptRevisions } },
          $addToSet: { pending: changeId },
        },
        after,
      ),
    erase: (_id, { changeId, at }) =>
      messages.findOneAndUpdate(
        { _id, deletedAt: null },
        {
          $set: { ...nothing, deletedAt: at, uncounted: true },
          $unset: { attachments: '' },
          $inc: { reactionsVersion: 1 },
          $addToSet: { pending: changeId },
        },
        after,
      ),
    async complete(_id, changeId, rev) {
      const before = await messages.findOneAndUpdate(
        { _id },
        { $pull: { pending: changeId }, $max: { rev } },
        { returnDocument: 'before' },
      );
      if (!before) return null;
      const replaced = Math.min(before.rev, rev);
      if (replaced > 0 && before.rev !== rev) await changes.replace(before.conversationId, replaced);
      return { ...before, rev: Math.max(before.rev, rev) };
    },
    unfinished: (before, limit) =>
      messages
        .find({ pending: { $lt: firstIdAt(before), $type: 'objectId' } })
        .limit(limit)
        .toArray(),
    async withRevs(rows) {
      const pending = rows.flatMap((row) => row.pending ?? []);
      if (pending.length === 0) return [...rows];
      const records = await changes.byChangeIds(pending);
      const revs = new Map(records.map(({ changeId, rev }) => [String(changeId), rev]));
      return rows.map((row) => ({
        ...row,
        rev: Math.max(row.rev, ...(row.pending ?? []).map((changeId) => revs.get(String(changeId)) ?? 0)),
      }));
    },
  };
}
