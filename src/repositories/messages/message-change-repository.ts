/** Changes of messages: the content and its pending change are written in one update, the number of the change afterwards. */
import { type Collection, type Connection } from 'mongoose';
import { wordsOf } from '../../kernel/words.js';
import { firstIdAt, newId, toId, toRow } from '../ids.js';
import type { ChangeRepository } from '../changes/change-repository.js';
import { type MessageRow, messagesOf, type StoredMessage } from './message-row.js';

/** One change of a message, by the id under which it gets its number. */
export interface Change {
  changeId: string;
  at: Date;
}

/** Each write is one conditional update of one message. */
export interface MessageChangeRepository {
  /** A change that begins now. */
  begin(): Change;
  /** Replaces the text of a message if nobody has changed it since `row` was read; null if somebody has. */
  edit(row: MessageRow, text: string, change: Change): Promise<MessageRow | null>;
  /** Removes all content; null if the message was deleted before. */
  erase(messageId: string, change: Change): Promise<MessageRow | null>;
  /** Records the number of a change, which is pending no longer. Returns the message as it is then; null if it is gone. */
  complete(messageId: string, changeId: string, rev: number): Promise<MessageRow | null>;
  /** The messages with changes that were begun before a moment and are still pending. */
  unfinished(before: Date, limit: number): Promise<MessageRow[]>;
  /** Rows with the numbers of changes that are not recorded in them yet: a rev is the larger of its own and its record's. */
  withRevs(rows: readonly MessageRow[]): Promise<MessageRow[]>;
}

const keptRevisions = 20;
const after = { returnDocument: 'after' } as const;

/** What a tombstone keeps of the content: nothing. */
const nothing = { text: '', words: [], mentions: [], replyTo: null, revisions: [], reactions: [], emojis: [] };

/** Each writes the content and marks its change as pending in one update. */
function contentWritesOf(messages: Collection<StoredMessage>): Pick<MessageChangeRepository, 'edit' | 'erase'> {
  return {
    async edit({ _id, revision, text: replaced }, text, { changeId, at }) {
      const edited = await messages.findOneAndUpdate(
        { _id: toId(_id), revision, deletedAt: null },
        {
          $set: { text, words: wordsOf(text), editedAt: at },
          $inc: { revision: 1 },
          $push: { revisions: { $each: [{ text: replaced, editedAt: at }], $slice: -keptRevisions } },
          $addToSet: { pending: toId(changeId) },
        },
        after,
      );
      return toRow(edited);
    },
    async erase(messageId, { changeId, at }) {
      const erased = await messages.findOneAndUpdate(
        { _id: toId(messageId), deletedAt: null },
        {
          $set: { ...nothing, deletedAt: at, uncounted: true },
          $unset: { attachments: '' },
          $inc: { reactionsVersion: 1 },
          $addToSet: { pending: toId(changeId) },
        },
        after,
      );
      return toRow(erased);
    },
  };
}

export function createMessageChangeRepository(
  connection: Connection,
  changes: Pick<ChangeRepository, 'byChangeIds' | 'replace'>,
): MessageChangeRepository {
  const messages = messagesOf(connection);
  return {
    begin: () => ({ changeId: newId(), at: new Date() }),
    ...contentWritesOf(messages),
    async complete(messageId, changeId, rev) {
      const found = await messages.findOneAndUpdate(
        { _id: toId(messageId) },
        { $pull: { pending: toId(changeId) }, $max: { rev } },
        { returnDocument: 'before' },
      );
      const before = toRow(found);
      if (!before) return null;
      const replaced = Math.min(before.rev, rev);
      if (replaced > 0 && before.rev !== rev) await changes.replace(before.conversationId, replaced);
      return { ...before, rev: Math.max(before.rev, rev) };
    },
    unfinished: (before, limit) =>
      messages
        .find({ pending: { $lt: toId(firstIdAt(before)), $type: 'objectId' } })
        .limit(limit)
        .map(toRow)
        .toArray(),
    async withRevs(rows) {
      const pending = rows.flatMap((row) => row.pending ?? []);
      if (pending.length === 0) return [...rows];
      const records = await changes.byChangeIds(pending);
      const revs = new Map(records.map(({ changeId, rev }) => [changeId, rev]));
      return rows.map((row) => ({
        ...row,
        rev: Math.max(row.rev, ...(row.pending ?? []).map((changeId) => revs.get(changeId) ?? 0)),
      }));
    },
  };
}
