import type { Facts } from '../../facts.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { Problem } from '../../kernel/problem.js';
import { type Held, reachedOf } from '../../views/held.js';
import { stateFor, toMessage } from '../../views/message-view.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRows } from './messages.model.js';

interface Deps {
  rows: Pick<MessageRows, 'byId'>;
  conversations: Pick<Conversations, 'standingOf' | 'audienceOf' | 'announceListed' | 'marks'>;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** Tells the members of a conversation what its messages are now. */
export interface Announcing {
  /** A message has landed; `held` is its sender's standing. */
  created(held: Held, row: MessageRow, quoted: MessageRow | null, originSocketId?: string): Promise<void>;
  /** A message has changed: the news carry the number of this change, whatever came after it. */
  updated(row: MessageRow, rev: number, originSocketId?: string): Promise<void>;
}

const nothingReached = { deliveredSeq: 0, readSeq: 0 };

/** Builds what announces messages. */
export function createAnnouncing({ rows, conversations, bus }: Deps): Announcing {
  /** The standing of a message's author; null for who is no member any more, and so hears nothing. */
  async function authorOf(row: MessageRow): Promise<Held | null> {
    try {
      return await conversations.standingOf(String(row.senderId), String(row.conversationId));
    } catch (error) {
      if (error instanceof Problem && error.code === 'not_found') return null;
      throw error;
    }
  }

  return {
    async created(held, row, quoted, originSocketId) {
      const conversationId = String(row.conversationId);
      const isListing = [held.member, held.other].some((one) => one && !one.isListed && row.seq === startOf(one) + 1);
      if (isListing) await conversations.announceListed(conversationId, row.seq);
      const reached = held.other ? nothingReached : { deliveredSeq: row.seq, readSeq: row.seq };
      const sender = { userId: String(row.senderId), reached };
      const quoteBlindIds = quoted ? await (await conversations.audienceOf(conversationId)).blindTo(quoted.seq) : [];
      bus.publish('message.created', {
        conversationId,
        type: held.conversation.type,
        userIds: held.conversation.userIds.map(String),
        quoteBlindIds,
        message: { ...toMessage(row, quoted && { row: quoted, isVisible: true }, sender), state: null },
        senderState: stateFor(row, sender),
        originSocketId,
      });
      // Sending has taken the sender's own mark away, which his other devices cannot know from the message.
      if (held.member.markedUnread) await conversations.marks.announceOwn(sender.userId, conversationId);
    },
    async updated(row, rev, originSocketId) {
      const conversationId = String(row.conversationId);
      const [audience, quoted, author] = await Promise.all([
        conversations.audienceOf(conversationId),
        row.replyTo ? rows.byId(String(row.replyTo)) : null,
        authorOf(row),
      ]);
      const [blindIds, quoteBlindIds] = await Promise.all([
        audience.blindTo(row.seq),
        quoted ? audience.blindTo(quoted.seq) : [],
      ]);
      const sender = { userId: String(row.senderId), reached: author ? reachedOf(author) : nothingReached };
      bus.publish('message.updated', {
        conversationId,
        type: audience.type,
        userIds: audience.userIds,
        blindIds,
        quoteBlindIds,
        message: { ...toMessage({ ...row, rev }, quoted && { row: quoted, isVisible: true }, sender), state: null },
        senderState: stateFor(row, sender),
        originSocketId,
      });
    },
  };
}
