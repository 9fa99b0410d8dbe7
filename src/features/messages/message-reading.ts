import { notFound } from '../../kernel/problem.js';
import { type Held, reachedOf } from '../../views/conversation-views.js';
import { quotedIn, type Reader, toMessage } from '../../views/message-view.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRows } from './messages.model.js';
import type { Message } from './messages.schemas.js';

export interface MessageReading {
  /** Rows of one conversation as a reader sees them. */
  viewsOf(rows: readonly MessageRow[], reader: Reader): Promise<Message[]>;
  /** A message as it is at this moment; throws `not_found` for who is no member. */
  asItIsNow(userId: string, row: MessageRow): Promise<Message>;
}

/** Who reads, with what a member may see. */
export function readerOf(userId: string, held: Held): Reader {
  return { userId, start: startOf(held.member), reached: reachedOf(held) };
}

/** Builds what shows messages to their readers. */
export function createMessageReading({
  rows,
  conversations,
}: {
  rows: MessageRows;
  conversations: Pick<Conversations, 'standingOf'>;
}): MessageReading {
  async function viewsOf(found: readonly MessageRow[], reader: Reader): Promise<Message[]> {
    const ids = quotedIn(found);
    const quoted = new Map((ids.length === 0 ? [] : await rows.byIds(ids)).map((row) => [String(row._id), row]));
    return found.map((row) => toMessage(row, quoted.get(String(row.replyTo)) ?? null, reader));
  }

  return {
    viewsOf,
    async asItIsNow(userId, row) {
      const held = await conversations.standingOf(userId, String(row.conversationId));
      const [now] = await rows.byIds([String(row._id)]);
      const [message] = await viewsOf([now ?? row], readerOf(userId, held));
      if (!message) throw notFound();
      return message;
    },
  };
}
