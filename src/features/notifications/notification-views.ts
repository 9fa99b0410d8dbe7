import type { Held } from '../../views/held.js';
import type { Counting } from '../../views/counting.js';
import type { ConversationRows } from '../conversations/conversations.model.js';
import type { MemberRows } from '../conversations/members.model.js';
import type { MessageRows } from '../messages/messages.model.js';
import { spellOf as spellKey } from './rules.js';
import type { NotificationRow } from './notifications.model.js';
import type { Notification } from './notifications.schemas.js';

interface Deps {
  conversations: Pick<ConversationRows, 'byIds'>;
  members: Pick<MemberRows, 'ofUserIn'>;
  messages: Pick<MessageRows, 'newestCounted' | 'byIds'>;
  counting: Pick<Counting, 'of'>;
  /** Whom a person has blocked. */
  blockedBy(userId: string): Promise<string[]>;
}

export interface NotificationViews {
  /** Rows of one person as he sees them now; without what he may not see any more. */
  of(userId: string, rows: readonly NotificationRow[]): Promise<Notification[]>;
}

const textOf = (id: { toString(): string } | null): string | null => (id ? String(id) : null);

/** Kinds that speak of a message in a conversation: who is no member any more is shown none of them. */
const ofMessages: readonly string[] = ['message', 'mention', 'reply', 'reaction'];

function toNotification(row: NotificationRow, more: Partial<Notification> = {}): Notification {
  return {
    id: String(row._id),
    kind: row.kind,
    actorId: textOf(row.actorId),
    conversationId: textOf(row.conversationId),
    messageId: textOf(row.messageId),
    count: row.count,
    data: row.data,
    readAt: row.readAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...more,
  };
}

/** Builds what shows notifications: all that can change is asked anew, and nothing but ids is kept. */
export function createNotificationViews({
  conversations,
  members,
  messages,
  counting,
  blockedBy,
}: Deps): NotificationViews {
  /** The conversations of these rows that the person is in. */
  async function heldBy(userId: string, rows: readonly NotificationRow[]): Promise<Map<string, Held>> {
    const ids = new Map(
      rows.flatMap(({ conversationId }) => (conversationId ? [[String(conversationId), conversationId]] : [])),
    );
    if (ids.size === 0) return new Map();
    const own = await members.ofUserIn(userId, [...ids.values()]);
    const found = new Map((await conversations.byIds([...ids.values()])).map((row) => [String(row._id), row]));
    return new Map(
      own.flatMap((member): [string, Held][] => {
        const conversation = found.get(String(member.conversationId));
        return conversation ? [[String(conversation._id), { conversation, member, other: null }]] : [];
      }),
    );
  }

  /** How much is unread in the spell of a notification, and its newest message. */
  async function spellOf({ conversation, member }: Held, userId: string): Promise<Partial<Notification>> {
    const counts = await counting.of(userId, [{ conversation, member, other: null }]);
    const newest = await messages.newestCounted(conversation._id);
    return {
      count: counts.get(String(conversation._id))?.unreadCount ?? 0,
      messageId: newest ? String(newest._id) : null,
    };
  }

  return {
    async of(userId, rows) {
      const [held, blocked, found] = await Promise.all([
        heldBy(userId, rows),
        blockedBy(userId),
        messages.byIds(rows.flatMap(({ messageId }) => (messageId ? [String(messageId)] : []))),
      ]);
      const deleted = new Set(found.filter(({ deletedAt }) => deletedAt).map(({ _id }) => String(_id)));
      const shown = rows.map(async (row): Promise<Notification | null> => {
        const here = row.conversationId ? held.get(String(row.conversationId)) : undefined;
        if (ofMessages.includes(row.kind) && !here) return null;
        if (row.kind === 'message') {
          if (!here) return null;
          // A spell that is over is read, and stays as it was.
          if (row.source !== spellKey(here.member))
            return toNotification(row, { readAt: (row.readAt ?? row.updatedAt).toISOString() });
          const spell = await spellOf(here, userId);
          return spell.count === 0 ? null : toNotification(row, spell);
        }
        if (row.kind !== 'security' && blocked.includes(String(row.actorId))) return null;
        if (ofMessages.includes(row.kind) && deleted.has(String(row.messageId))) return null;
        return toNotification(row);
      });
      return (await Promise.all(shown)).filter((view) => view !== null);
    },
  };
}
