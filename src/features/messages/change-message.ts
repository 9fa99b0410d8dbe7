/** Edits and deletes messages: the content and its pending change are written first, then the change is numbered, then it is published. */
import type { Actor } from '../../kernel/actor.js';
import type { InFlight } from '../../kernel/in-flight.js';
import { invalidInput, Problem } from '../../kernel/problem.js';
import type { Log } from '../../log/log.js';
import type { Reservations } from '../media/reservations.js';
import { reservationKeys } from '../../rules/uploads.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessagePublisher } from './publish-message.js';
import type { Change, MessageChangeRepository } from '../../repositories/messages/message-change-repository.js';
import type { ReactionRepository } from '../../repositories/reactions/reaction-repository.js';
import type { ReadMessage } from './read-message.js';
import { type ChangeContext, refusalOfDeletion, refusalOfEdit } from '../../rules/messages.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { Message } from '@causerie/contract/messages';

interface Deps {
  changes: MessageChangeRepository;
  reactions: Pick<ReactionRepository, 'eraseOfMessage'>;
  log: Pick<Log, 'change'>;
  inFlight: Pick<InFlight, 'during'>;
  conversations: Pick<Conversations, 'raiseUncounted' | 'canModerate' | 'requireNotBlocked'>;
  read: Pick<ReadMessage, 'asItIsNow' | 'requireVisible'>;
  publisher: Pick<MessagePublisher, 'updated'>;
  reservations: Pick<Reservations, 'drop'>;
  /** How long authors may edit and delete their messages: milliseconds, 0 for ever. */
  timeLimits: { editMs: number; deleteMs: number };
}

interface MessageEdit {
  messageId: string;
  text: string;
  /** The revision that the actor has edited. */
  revision?: number | undefined;
}

export interface ChangeMessage {
  /**
   * Replaces the text of a message; it may be blank if the message carries attachments. Throws `invalid_input`,
   * `not_found` if the actor cannot see the message, `forbidden` if they are not its author or it is deleted,
   * `not_contactable` after a block, `edit_window_expired`, and `stale_revision` if it was edited since.
   */
  edit(actor: Actor, edit: MessageEdit): Promise<Message>;
  /** Deletes a message for everyone and leaves a tombstone. Throws `not_found`, `forbidden` and `delete_window_expired`. */
  delete(actor: Actor, messageId: string): Promise<Message>;
  /** Numbers and publishes a pending change of a message. */
  completeChange(row: MessageRow, changeId: Change['changeId'], originSocketId?: string): Promise<void>;
  /** Numbers and publishes all pending changes of a message. */
  completeChanges(row: MessageRow): Promise<void>;
  /** Numbers and publishes the changes that were begun before a moment and interrupted. */
  completePending(before: Date): Promise<void>;
}

type Completion = Pick<ChangeMessage, 'completeChange' | 'completeChanges' | 'completePending'>;

const pageSize = 200;
const blank = { en: 'Must not be blank', fr: 'Ne doit pas être vide' };

function contextOf({ userId }: Actor, row: MessageRow, windowMs: number): Omit<ChangeContext, 'isAbove'> {
  return {
    isAuthor: String(row.senderId) === userId,
    isSystem: row.type === 'system',
    isDeleted: row.deletedAt !== null,
    ageMs: Date.now() - row.createdAt.getTime(),
    windowMs,
  };
}

function createCompletion({ changes, reactions, log, publisher, reservations }: Deps): Completion {
  /** Erases what other collections hold of a deleted message. */
  async function eraseParts({ _id, type, conversationId, senderId, clientId }: MessageRow): Promise<void> {
    await reactions.eraseOfMessage(_id);
    if (type !== 'media' || clientId === null) return;
    await reservations.drop(reservationKeys.message(conversationId, String(senderId), clientId));
  }

  async function completeChange(row: MessageRow, changeId: Change['changeId'], originSocketId?: string): Promise<void> {
    if (row.deletedAt) await eraseParts(row);
    let now: MessageRow | null = null;
    await log.change(
      { conversationId: row.conversationId, messageId: row._id, userIds: [], changeId },
      {
        async finish({ rev }) {
          now = await changes.complete(row._id, changeId, rev);
        },
        async announce({ rev }) {
          if (now) await publisher.updated(now, rev, originSocketId);
        },
      },
    );
  }

  async function completeChanges(row: MessageRow): Promise<void> {
    await Promise.all((row.pending ?? []).map((changeId) => completeChange(row, changeId)));
  }

  return {
    completeChange,
    completeChanges,
    async completePending(before) {
      for (;;) {
        const rows = await changes.unfinished(before, pageSize);
        for (const row of rows) await completeChanges(row);
        if (rows.length < pageSize) return;
      }
    },
  };
}

export function createChangeMessage(deps: Deps): ChangeMessage {
  const { changes, conversations, inFlight, read, timeLimits } = deps;
  const completion = createCompletion(deps);

  /** Answers a request that changes nothing, once what an earlier request began is complete. */
  async function unchanged(userId: string, row: MessageRow): Promise<Message> {
    await completion.completeChanges(row);
    return read.asItIsNow(userId, row);
  }

  async function completed(actor: Actor, row: MessageRow, { changeId }: Change): Promise<Message> {
    await completion.completeChange(row, changeId, actor.socketId);
    return read.asItIsNow(actor.userId, row);
  }

  async function editMessage(actor: Actor, { messageId, text, revision }: MessageEdit): Promise<Message> {
    for (;;) {
      const { row, membership } = await read.requireVisible(actor.userId, messageId);
      const refusal = refusalOfEdit({ ...contextOf(actor, row, timeLimits.editMs), isAbove: false });
      if (refusal === 'forbidden') throw new Problem(refusal);
      if (text.trim() === '' && row.type !== 'media') throw invalidInput('body.text', blank);
      if (row.text === text) return unchanged(actor.userId, row);
      await conversations.requireNotBlocked(membership);
      if (refusal) throw new Problem(refusal);
      if (revision !== undefined && revision !== row.revision) throw new Problem('stale_revision');
      const change = changes.begin();
      const edited = await changes.edit(row, text, change);
      // If another request was faster, the rules are checked again on the current message.
      if (edited) return completed(actor, edited, change);
    }
  }

  async function deleteMessage(actor: Actor, messageId: string): Promise<Message> {
    const { row, membership } = await read.requireVisible(actor.userId, messageId);
    const isAbove = await conversations.canModerate(membership, row.senderId);
    const context = { ...contextOf(actor, row, timeLimits.deleteMs), isAbove };
    const refusal = refusalOfDeletion(context);
    if (refusal === 'forbidden') throw new Problem(refusal);
    if (context.isDeleted) return unchanged(actor.userId, row);
    if (refusal) throw new Problem(refusal);
    const change = changes.begin();
    await conversations.raiseUncounted(row.conversationId, row.seq);
    const erased = await changes.erase(row._id, change);
    if (erased) return completed(actor, erased, change);
    return unchanged(actor.userId, (await read.requireVisible(actor.userId, messageId)).row);
  }

  return {
    ...completion,
    edit: (actor, edit) => inFlight.during(() => editMessage(actor, edit)),
    delete: (actor, messageId) => inFlight.during(() => deleteMessage(actor, messageId)),
  };
}
