import type { Actor } from '../../kernel/actor.js';
import { invalidInput, Problem } from '../../kernel/problem.js';
import type { Log } from '../../log/log.js';
import type { Reservations } from '../media/reservations.js';
import { claims } from '../../rules/reservation-keys.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Announcing } from './announcing.js';
import type { Change, MessageChangeRepository } from '../../repositories/messages/message-change-repository.js';
import type { MessageReading } from './message-reading.js';
import { type ChangeContext, deleteRefusal, editRefusal } from '../../rules/messages.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { Message } from '@causerie/contract/messages';
import { wordsOf } from './words.js';

interface Deps {
  changes: MessageChangeRepository;
  log: Pick<Log, 'change'>;
  conversations: Pick<Conversations, 'raiseUncounted' | 'canModerate' | 'requireNotBlocked'>;
  reading: MessageReading;
  announcing: Pick<Announcing, 'updated'>;
  reservations: Pick<Reservations, 'drop'>;
  /** How long messages may be edited and deleted by their authors: milliseconds, 0 for ever. */
  windows: { editMs: number; deleteMs: number };
}

/** What is asked of an edit. */
export interface Edit {
  messageId: string;
  text: string;
  revision?: number | undefined;
}

export interface Changing {
  /**
   * Gives a message another text, which may be blank where it carries something. Throws `invalid_input`, `not_found` for who cannot see it, `forbidden` for who is not its author and
   * for a tombstone, `not_contactable` after a block, `edit_window_expired`, and `stale_revision` when it was edited since.
   */
  edit(actor: Actor, edit: Edit): Promise<Message>;
  /** Leaves a tombstone. Throws `not_found`, `forbidden` and `delete_window_expired`. */
  erase(actor: Actor, messageId: string): Promise<Message>;
  /** Numbers and tells a change whose content and mark are written. */
  number(row: MessageRow, changeId: Change['changeId'], originSocketId?: string): Promise<void>;
  /** Numbers and tells all that is written of a message and has no number. */
  finish(row: MessageRow): Promise<void>;
  /** Numbers and tells what was begun before a moment and cut off. */
  completePending(before: Date): Promise<void>;
}

const pageSize = 200;
const blank = { en: 'Must not be blank', fr: 'Ne doit pas être vide' };

function changeContextOf({ userId }: Actor, row: MessageRow, windowMs: number): Omit<ChangeContext, 'isAbove'> {
  return {
    isAuthor: String(row.senderId) === userId,
    isSystem: row.type === 'system',
    isDeleted: row.deletedAt !== null,
    ageMs: Date.now() - row.createdAt.getTime(),
    windowMs,
  };
}

/** Builds what numbers the changes of messages whose content and mark are written. */
function createNumbering(deps: Pick<Deps, 'changes' | 'log' | 'announcing' | 'reservations'>) {
  const { changes, log, announcing, reservations } = deps;

  /** What follows from a tombstone in other rows. */
  async function forget({ _id, type, conversationId, senderId, clientId }: MessageRow): Promise<void> {
    await changes.forgetReactions(_id);
    if (type !== 'media' || clientId === null) return;
    await reservations.drop(claims.message(String(conversationId), String(senderId), clientId));
  }

  /** Numbers a change, takes its mark away and tells everybody. */
  async function number(row: MessageRow, changeId: Change['changeId'], originSocketId?: string): Promise<void> {
    if (row.deletedAt) await forget(row);
    let now: MessageRow | null = null;
    await log.change(
      { conversationId: row.conversationId, messageId: row._id, userIds: [], changeId },
      {
        async finish({ rev }) {
          now = await changes.complete(row._id, changeId, rev);
        },
        async announce({ rev }) {
          if (now) await announcing.updated(now, rev, originSocketId);
        },
      },
    );
  }

  async function finish(row: MessageRow): Promise<void> {
    await Promise.all((row.pending ?? []).map((changeId) => number(row, changeId)));
  }

  return { number, finish };
}

/** Builds what changes messages: the content with its mark first, the number second, the news last. */
export function createChanging(deps: Deps): Changing {
  const { changes, conversations, reading, windows } = deps;
  const { number, finish } = createNumbering(deps);

  /** What changes nothing any more is answered once what an earlier request began is finished. */
  async function unchanged(userId: string, row: MessageRow): Promise<Message> {
    await finish(row);
    return reading.asItIsNow(userId, row);
  }

  async function finished(actor: Actor, row: MessageRow, { changeId }: Change): Promise<Message> {
    await number(row, changeId, actor.socketId);
    return reading.asItIsNow(actor.userId, row);
  }

  return {
    number,
    finish,
    async completePending(before) {
      for (;;) {
        const rows = await changes.unfinished(before, pageSize);
        for (const row of rows) await finish(row);
        if (rows.length < pageSize) return;
      }
    },
    async edit(actor, { messageId, text, revision }) {
      for (;;) {
        const { row, membership } = await reading.seen(actor.userId, messageId);
        const refusal = editRefusal({ ...changeContextOf(actor, row, windows.editMs), isAbove: false });
        if (refusal === 'forbidden') throw new Problem(refusal);
        if (text.trim() === '' && row.type !== 'media') throw invalidInput('body.text', blank);
        if (row.text === text) return unchanged(actor.userId, row);
        await conversations.requireNotBlocked(membership);
        if (refusal) throw new Problem(refusal);
        if (revision !== undefined && revision !== row.revision) throw new Problem('stale_revision');
        const change = changes.begin();
        const edited = await changes.edit(row, { text, words: wordsOf(text) }, change);
        // Where somebody was faster, the same is asked again of what there is now.
        if (edited) return finished(actor, edited, change);
      }
    },
    async erase(actor, messageId) {
      const { row, membership } = await reading.seen(actor.userId, messageId);
      const isAbove = await conversations.canModerate(membership, row.senderId && String(row.senderId));
      const context = { ...changeContextOf(actor, row, windows.deleteMs), isAbove };
      const refusal = deleteRefusal(context);
      if (refusal === 'forbidden') throw new Problem(refusal);
      if (context.isDeleted) return unchanged(actor.userId, row);
      if (refusal) throw new Problem(refusal);
      const change = changes.begin();
      await conversations.raiseUncounted(row.conversationId, row.seq);
      const erased = await changes.erase(row._id, change);
      if (erased) return finished(actor, erased, change);
      return unchanged(actor.userId, (await reading.seen(actor.userId, messageId)).row);
    },
  };
}
