import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { NotificationPublisher } from './publish.js';
import type {
  NewNotification,
  NotificationRepository,
} from '../../repositories/notifications/notification-repository.js';
import { notificationOfGroupChange } from '../../rules/notifications.js';

interface Deps {
  repository: Pick<NotificationRepository, 'make' | 'from' | 'remove'>;
  publisher: NotificationPublisher;
}

/** Notifies users of changes in a group that concern them, from its system messages. */
export function createOnGroupChanges({ repository, publisher }: Deps) {
  return async function onGroupChanges(conversation: ConversationRow, found: readonly MessageRow[]): Promise<void> {
    for (const message of found) {
      const { system } = message;
      if (!system) continue;
      const effect = notificationOfGroupChange(system);
      const { actorId } = system;
      const others = system.userIds.filter((userId) => userId !== actorId);
      if (system.kind === 'member_removed' || system.kind === 'member_left') {
        // Former members keep no notification that refers to content of the group.
        for (const userId of system.userIds)
          await publisher.removed(await repository.remove(await repository.from(conversation._id, userId)));
      }
      if (!effect) continue;
      const made = others.map((userId): NewNotification => {
        const data = effect.role ? { role: effect.role } : {};
        const source = message.changeId ?? message._id;
        return {
          userId,
          kind: effect.kind,
          source,
          actorId,
          conversationId: conversation._id,
          messageId: message._id,
          data,
        };
      });
      await publisher.created(await repository.make(made));
    }
  };
}
