import type { KeyedQueue } from '../../kernel/keyed-queue.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';
import type { Relations } from '../../views/relations.js';
import { type Mentioned, createNotifyMentions } from './notify-mentions.js';
import type { NotificationPublisher } from './publish.js';
import type { NotificationRepository } from '../../repositories/notifications/notification-repository.js';
import { isCounted } from '../../rules/notifications.js';
import { createNotifyMembers } from './notify-members.js';
import { createNotificationWriter } from './notification-writer.js';

interface Deps {
  repository: NotificationRepository;
  members: Pick<MemberRepository, 'among' | 'withoutUnreadNotificationIn' | 'recordNotified'>;
  messages: Pick<MessageRepository, 'byIds'>;
  hidden: Pick<HiddenRepository, 'within'>;
  relations: Pick<Relations, 'relationships'>;
  publisher: NotificationPublisher;
  runInOrder: KeyedQueue;
}

/** Makes the notifications of new messages of one conversation, each for whoever may see it. */
export type OnMessages = (conversation: ConversationRow, found: readonly MessageRow[]) => Promise<void>;

/** Builds what reads the messages of a conversation and tells people of them. */
export function createOnMessages(deps: Deps): OnMessages {
  const { repository, members, messages, publisher, runInOrder } = deps;
  const writer = createNotificationWriter(deps);
  const notifyMentions = createNotifyMentions({ members, writer });
  const notifyMembers = createNotifyMembers({ ...deps, writer });

  /** Who writes has read: what he was told of before is read. */
  async function readByWriting(conversationId: string, counted: readonly MessageRow[]): Promise<void> {
    const last = new Map(counted.map(({ senderId, seq }) => [String(senderId), seq]));
    for (const [senderId, seq] of last) {
      await runInOrder(senderId, async () => publisher.updated(await repository.readIn(senderId, conversationId, seq)));
    }
  }

  async function quotedBy(counted: readonly MessageRow[]): Promise<Map<string, MessageRow>> {
    const ids = counted.flatMap(({ replyTo }) => (replyTo ? [String(replyTo)] : []));
    const found = ids.length === 0 ? [] : await messages.byIds(ids);
    return new Map(found.map((row) => [String(row._id), row]));
  }

  return async function makeFor(conversation, found) {
    const counted = found.filter(isCounted);
    await readByWriting(String(conversation._id), counted);
    const quoted = await quotedBy(counted);
    const mentioned: Mentioned = new Map();
    for (const message of counted) {
      if (message.mentions.length === 0 && !message.replyTo) continue;
      mentioned.set(String(message._id), await notifyMentions(message, quoted.get(String(message.replyTo)) ?? null));
    }
    await notifyMembers(counted, mentioned);
  };
}
