/** What changes a message: the content and its mark in one update, the number afterwards. */
import { type Connection, Types } from 'mongoose';
import { firstIdAt } from '../ids.js';
import type { ChangeRepository } from '../changes/change-repository.js';
import { durable, majority } from '../concerns.js';
import { type MessageRow, messagesOf } from './message-repository.js';

/** One change of a message, by the id that it is numbered under. */
export interface Change {
  changeId: Types.ObjectId;
  at: Date;
}

/** The changes of messages: each is one conditional update of one row. */
export interface MessageChangeRepository {
  /** A change that begins now. */
  begin(): Change;
  /** Replaces the text of a message if nobody has changed it since `row` was read; null if somebody has. */
  edit(row: MessageRow, content: Pick<MessageRow, 'text' | 'words'>, change: Change): Promise<MessageRow | null>;
  /** Takes all content away; null if that was done before. */
  erase(messageId: Types.ObjectId, change: Change): Promise<MessageRow | null>;
  /** Takes the reactions to a tombstone away. */
  forgetReactions(messageId: Types.ObjectId): Promise<void>;
  /** Notes the number of a change and takes its mark away; gives the message as it is then, null if it is gone. */
  complete(messageId: Types.ObjectId, changeId: Types.ObjectId, rev: number): Promise<MessageRow | null>;
  /** The messages with changes that were begun before a moment and are not numbered and told. */
  unfinished(before: Date, limit: number): Promise<MessageRow[]>;
  /** Rows with the numbers of changes that are not noted in them yet: a rev is the larger of its own and its record's. */
  withRevs(rows: readonly MessageRow[]): Promise<MessageRow[]>;
}

const keptRevisions = 20;
const after = { returnDocument: 'after', ...durable } as const;

/** What a tombstone keeps of the content: nothing. */
const nothing = { text: '', words: [], mentions: [], replyTo: null, revisions: [], reactions: [], emojis: [] };

/** Gives the changes of messages on one connection. */
export function createMessageChangeRepository(
  connection: Connection,
  changes: Pick<ChangeRepository, 'byChangeIds' | 'replace'>,
): MessageChangeRepository {
  const messages = messagesOf(connection);
  return {
    begin: () => ({ changeId: new Types.ObjectId(), at: new Date() }),
    edit: ({ _id, revision, text: replaced }, content, { changeId, at }) =>
      messages.findOneAndUpdate(
        { _id, revision, deletedAt: null },
        {
          $set: { ...content, editedAt: at },
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
    async forgetReactions(messageId) {
      await connection.collection<{ messageId: Types.ObjectId }>('reactions').deleteMany({ messageId }, durable);
    },
    async complete(_id, changeId, rev) {
      const before = await messages.findOneAndUpdate(
        { _id },
        { $pull: { pending: changeId }, $max: { rev } },
        { returnDocument: 'before', ...durable },
      );
      if (!before) return null;
      const replaced = Math.min(before.rev, rev);
      if (replaced > 0 && before.rev !== rev) await changes.replace(before.conversationId, replaced);
      return { ...before, rev: Math.max(before.rev, rev) };
    },
    unfinished: (before, limit) =>
      messages
        .find({ pending: { $lt: firstIdAt(before), $type: 'objectId' } }, majority)
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
