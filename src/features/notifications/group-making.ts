import type { ConversationRow } from '../conversations/conversations.model.js';
import type { Role } from '../conversations/roles.schemas.js';
import type { MessageRow } from '../messages/messages.model.js';
import type { NotificationNews } from './notification-news.js';
import type { NewNotification, NotificationRows } from './notifications.model.js';
import type { NotificationKind } from './notifications.schemas.js';

interface Deps {
  rows: Pick<NotificationRows, 'make' | 'from' | 'remove'>;
  news: NotificationNews;
}

/** What those whom a change of a group concerns are told of it. */
function kindOf({ system }: MessageRow): { kind: NotificationKind; role?: Role } | null {
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

/** Builds what tells people of changes in groups that concern them, from the system messages. */
export function createGroupMaking({ rows, news }: Deps) {
  return async function makeForGroup(conversation: ConversationRow, found: readonly MessageRow[]): Promise<void> {
    for (const message of found) {
      const { system } = message;
      const told = kindOf(message);
      if (!system) continue;
      const { actorId } = system;
      const others = system.userIds.filter((userId) => !actorId?.equals(userId));
      if (system.kind === 'member_removed' || system.kind === 'member_left') {
        // Who is no member any more keeps nothing that speaks of what is in it.
        for (const userId of system.userIds)
          await news.removed(await rows.remove(await rows.from(conversation._id, userId)));
      }
      if (!told) continue;
      const made = others.map((userId): NewNotification => {
        const data = told.role ? { role: told.role } : {};
        const source = String(message.changeId ?? message._id);
        return {
          userId,
          kind: told.kind,
          source,
          actorId,
          conversationId: conversation._id,
          messageId: message._id,
          data,
        };
      });
      await news.created(await rows.make(made));
    }
  };
}
