import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { NotificationPublisher } from './publish.js';
import type { NotificationRepository } from '../../repositories/notifications/notification-repository.js';
import { isCounted } from '../../rules/notifications.js';

interface Deps {
  repository: Pick<NotificationRepository, 'digestsIn'>;
  publisher: NotificationPublisher;
  isConnected(userId: string): boolean;
}

/** In larger groups devices count for themselves, by the messages that they hear. */
const maxGroupSize = 200;

/** Builds what tells those who are connected that more is unread in a spell that goes on. */
export function createDigestPublisher({ repository, publisher, isConnected }: Deps) {
  return async function afterwards(conversation: ConversationRow, found: readonly MessageRow[]): Promise<void> {
    const [first] = found.filter(isCounted);
    if (!first || conversation.memberCount > maxGroupSize) return;
    const digests = await repository.digestsIn(conversation._id);
    const ongoing = digests.filter(
      ({ userId, createdAt }) => isConnected(String(userId)) && createdAt < first.createdAt,
    );
    await publisher.updated(ongoing);
  };
}
