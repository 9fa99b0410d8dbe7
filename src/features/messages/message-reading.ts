import { notFound } from '../../kernel/problem.js';
import type { Membership } from '../../views/membership.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import { startOf } from '../../rules/conversations.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import type { Message } from '@causerie/contract/messages';

export interface MessageReading {
  /** A message as it is at this moment, for who has just been seen to be a member. */
  shownTo(membership: Membership, row: MessageRow): Promise<Message>;
  /** A message as it is at this moment; throws `not_found` for who is no member. */
  asItIsNow(userId: string, row: MessageRow): Promise<Message>;
  /** A message and its reader's standing; throws `not_found` for who cannot see it. */
  seen(userId: string, messageId: string): Promise<ReadableMessage>;
  /** The same, also where the reader has hidden the message for himself. */
  readable(userId: string, messageId: string): Promise<ReadableMessage>;
}

interface ReadableMessage {
  row: MessageRow;
  membership: Membership;
}

interface Deps {
  repository: Pick<MessageRepository, 'byId' | 'byIds'>;
  views: MessageViews;
  visibility: Pick<Visibility, 'sees'>;
  conversations: Pick<Conversations, 'requireMembership'>;
}

/** Builds what shows messages to their readers. */
export function createMessageReading({ repository, views, visibility, conversations }: Deps): MessageReading {
  async function shownTo(membership: Membership, row: MessageRow): Promise<Message> {
    const [now] = await repository.byIds([String(row._id)]);
    const [message] = await views.of([now ?? row], [membership]);
    if (!message) throw notFound();
    return message;
  }

  async function readable(userId: string, messageId: string): Promise<ReadableMessage> {
    const row = await repository.byId(messageId);
    if (!row) throw notFound();
    const membership = await conversations.requireMembership(userId, String(row.conversationId));
    if (row.seq <= startOf(membership.member)) throw notFound();
    return { row, membership };
  }

  return {
    shownTo,
    readable,
    async asItIsNow(userId, row) {
      return shownTo(await conversations.requireMembership(userId, String(row.conversationId)), row);
    },
    async seen(userId, messageId) {
      const found = await readable(userId, messageId);
      if (!(await visibility.sees(found.membership.member, found.row.seq))) throw notFound();
      return found;
    },
  };
}
