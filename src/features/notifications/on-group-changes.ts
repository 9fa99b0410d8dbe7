import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { Role } from '@causerie/contract/roles';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { NotificationPublisher } from './publish.js';
import type {
  NewNotification,
  NotificationRepository,
} from '../../repositories/notifications/notification-repository.js';
import type { NotificationKind } from '@causerie/contract/notifications';

interface Deps {
  repository: Pick<NotificationRepository, 'make' | 'from' | 'remove'>;
  publisher: NotificationPublisher;
}

/** The notification for the users whom a system message is about; null if there is none. */
function effectOf({ system }: MessageRow): { kind: NotificationKind; role?: Role } | null {
  switch (system?.kind) {
    case 'group_created':
    case 'member_added':
      return { kind: 'group_added' };
    case 'member_removed':
      return { kind: 'group_removed' };
    case 'ownership_transferred':
      return { kind: 'role_changed', role: 'creator' };
    case 'role_changed':
      return { kind: 'role_changed', ...(system.role ? { role: system.role } : {}) };
    default:
      return null;
  }
}

/** Notifies users of changes in a group that concern them, from its system messages. */
export function createOnGroupChanges({ repository, publisher }: Deps) {
  return async function onGroupChanges(conversation: ConversationRow, found: readonly MessageRow[]): Promise<void> {
    for (const message of found) {
      const { system } = message;
      if (!system) continue;
      const effect = effectOf(message);
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
