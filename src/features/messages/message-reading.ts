import { notFound } from '../../kernel/problem.js';
import type { Held } from '../../views/held.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRows } from './messages.model.js';
import type { Message } from './messages.schemas.js';

export interface MessageReading {
  /** A message as it is at this moment, for who has just been seen to be a member. */
  shownTo(held: Held, row: MessageRow): Promise<Message>;
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

/** Builds what shows messages to their readers. */
export function createMessageReading({ rows, views, visibility, conversations }: Deps): MessageReading {
  async function shownTo(held: Held, row: MessageRow): Promise<Message> {
    const [now] = await rows.byIds([String(row._id)]);
    const [message] = await views.of([now ?? row], [held]);
    if (!message) throw notFound();
    return message;
  }

  async function known(userId: string, messageId: string): Promise<Known> {
    const row = await rows.byId(messageId);
    if (!row) throw notFound();
    const held = await conversations.standingOf(userId, String(row.conversationId));
    if (row.seq <= startOf(held.member)) throw notFound();
    return { row, held };
  }

  return {
    shownTo,
    known,
    async asItIsNow(userId, row) {
      return shownTo(await conversations.standingOf(userId, String(row.conversationId)), row);
    },
    async seen(userId, messageId) {
      const found = await known(userId, messageId);
      if (!(await visibility.sees(found.held.member, found.row.seq))) throw notFound();
      return found;
    },
  };
}
