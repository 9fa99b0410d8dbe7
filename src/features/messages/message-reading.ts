import { notFound } from '../../kernel/problem.js';
import { type Held, reachedOf } from '../../views/held.js';
import type { MemberReading, MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRows } from './messages.model.js';
import type { Message } from './messages.schemas.js';

export interface MessageReading {
  /** Rows of one conversation as a member sees them. */
  viewsOf(rows: readonly MessageRow[], held: Held): Promise<Message[]>;
  /** A message as it is at this moment; throws `not_found` for who is no member. */
  asItIsNow(userId: string, row: MessageRow): Promise<Message>;
  /** A message and its reader's standing; throws `not_found` for who cannot see it. */
  seen(userId: string, messageId: string): Promise<Known>;
  /** The same, also where the reader has hidden the message for himself. */
  known(userId: string, messageId: string): Promise<Known>;
}

interface Known {
  row: MessageRow;
  held: Held;
}

interface Deps {
  rows: Pick<MessageRows, 'byId' | 'byIds'>;
  views: MessageViews;
  visibility: Pick<Visibility, 'sees'>;
  conversations: Pick<Conversations, 'standingOf'>;
}

/** Who reads, with what others show him. */
export function readingOf(held: Held): MemberReading {
  return { member: held.member, reached: reachedOf(held) };
}

/** Builds what shows messages to their readers. */
export function createMessageReading({ rows, views, visibility, conversations }: Deps): MessageReading {
  const viewsOf: MessageReading['viewsOf'] = (found, held) => views.of(found, () => readingOf(held));

  async function known(userId: string, messageId: string): Promise<Known> {
    const row = await rows.byId(messageId);
    if (!row) throw notFound();
    const held = await conversations.standingOf(userId, String(row.conversationId));
    if (row.seq <= startOf(held.member)) throw notFound();
    return { row, held };
  }

  return {
    viewsOf,
    known,
    async asItIsNow(userId, row) {
      const held = await conversations.standingOf(userId, String(row.conversationId));
      const [now] = await rows.byIds([String(row._id)]);
      const [message] = await viewsOf([now ?? row], held);
      if (!message) throw notFound();
      return message;
    },
    async seen(userId, messageId) {
      const found = await known(userId, messageId);
      if (!(await visibility.sees(found.held.member, found.row.seq))) throw notFound();
      return found;
    },
  };
}
