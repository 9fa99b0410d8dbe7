import type { Membership } from '../../views/membership.js';
import { type Counting, countsIn } from '../../views/counting.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRepository } from '../../repositories/messages/message-repository.js';
import { isCounted, digestKeyOf } from '../../rules/notifications.js';
import type { NotificationRow } from '../../repositories/notifications/notification-repository.js';
import type { Notification } from '@causerie/contract/notifications';
import type { PendingSource } from '../../log/overlay.js';
import { raised, raisedMember } from '../../log/overlay.js';

interface Deps {
  conversations: Pick<ConversationRepository, 'byIds'>;
  members: Pick<MemberRepository, 'ofUserIn'>;
  messages: Pick<MessageRepository, 'newestCounted' | 'atPlaces' | 'byIds'>;
  counting: Pick<Counting, 'of'>;
  /** Whom a person has blocked. */
  blockedBy(userId: string): Promise<string[]>;
  log: Pick<PendingSource, 'pending'>;
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

/** Builds the reading of spells that go on, by a fixed number of queries where their last messages count. */
function createUnreadDigests({ messages, counting }: Pick<Deps, 'messages' | 'counting'>) {
  /** The newest message of each conversation that counts as unread: mostly the last one, which one query has for all. */
  async function newestOf(memberships: readonly Membership[]): Promise<Map<string, string>> {
    const places = memberships.map(({ conversation: { _id, seq } }) => ({ conversationId: _id, seq }));
    const last = (await messages.atPlaces(places)).filter(isCounted);
    const known = new Set(last.map(({ conversationId }) => String(conversationId)));
    const others = memberships.filter(({ conversation }) => !known.has(String(conversation._id)));
    const asked = await Promise.all(others.map(({ conversation }) => messages.newestCounted(conversation._id)));
    const all = [...last, ...asked.filter((row) => row !== null)];
    return new Map(all.map(({ _id, conversationId }) => [String(conversationId), String(_id)]));
  }

  /** How much is unread in each of these spells, and its newest message; by conversation. */
  return async function digestsOf(
    userId: string,
    memberships: readonly Membership[],
  ): Promise<Map<string, Partial<Notification>>> {
    if (memberships.length === 0) return new Map();
    const [counts, newest] = await Promise.all([counting.of(userId, memberships), newestOf(memberships)]);
    return new Map(
      memberships.map((one) => {
        const key = String(one.conversation._id);
        return [key, { count: countsIn(counts, one).unreadCount, messageId: newest.get(key) ?? null }];
      }),
    );
  };
}

/** Whether the spell that a notification is of goes on. */
function isOngoing({ source }: NotificationRow, membership: Membership | undefined): boolean {
  return membership !== undefined && source === digestKeyOf(membership.member);
}

function over(row: NotificationRow): Notification {
  return toNotification(row, { readAt: (row.readAt ?? row.updatedAt).toISOString() });
}

/** Builds what shows notifications: all that can change is asked anew, and nothing but ids is kept. */
export function createNotificationViews({
  conversations,
  members,
  messages,
  counting,
  blockedBy,
  log,
}: Deps): NotificationViews {
  const digestsOf = createUnreadDigests({ messages, counting });

  /** The conversations of these rows that the person is in. */
  async function membershipsOf(userId: string, rows: readonly NotificationRow[]): Promise<Map<string, Membership>> {
    const ids = new Map(
      rows.flatMap(({ conversationId }) => (conversationId ? [[String(conversationId), conversationId]] : [])),
    );
    if (ids.size === 0) return new Map();
    // Taken before the rows are read: what was noted till then is in it, or written and so in the rows.
    const pending = new Map([...ids.keys()].map((id) => [id, log.pending(id)]));
    const ownMembers = await members.ofUserIn(userId, [...ids.values()]);
    const found = new Map((await conversations.byIds([...ids.values()])).map((row) => [String(row._id), row]));
    return new Map(
      ownMembers.flatMap((row): [string, Membership][] => {
        const id = String(row.conversationId);
        const conversation = found.get(id);
        const known = pending.get(id) ?? null;
        if (!conversation) return [];
        return [[id, { conversation: raised(conversation, known), member: raisedMember(row, known), other: null }]];
      }),
    );
  }

  /** What a person has to do with what these rows speak of. */
  async function contextOf(userId: string, rows: readonly NotificationRow[]) {
    const [memberships, blocked, found] = await Promise.all([
      membershipsOf(userId, rows),
      blockedBy(userId),
      messages.byIds(rows.flatMap(({ messageId }) => (messageId ? [String(messageId)] : []))),
    ]);
    const ongoing = rows.flatMap((row) => {
      const here = memberships.get(String(row.conversationId));
      return row.kind === 'message' && here && isOngoing(row, here) ? [here] : [];
    });
    const deleted = new Set(found.filter(({ deletedAt }) => deletedAt).map(({ _id }) => String(_id)));
    return { memberships, blocked, deleted, digests: await digestsOf(userId, ongoing) };
  }

  return {
    async of(userId, rows) {
      const { memberships, blocked, deleted, digests } = await contextOf(userId, rows);
      return rows.flatMap((row): Notification[] => {
        const key = String(row.conversationId);
        if (ofMessages.includes(row.kind) && !memberships.has(key)) return [];
        if (row.kind === 'message') {
          const digest = digests.get(key);
          // A spell that is over is read, and stays as it was.
          if (!digest || !isOngoing(row, memberships.get(key))) return [over(row)];
          return digest.count === 0 ? [] : [toNotification(row, digest)];
        }
        if (row.kind !== 'security' && blocked.includes(String(row.actorId))) return [];
        if (ofMessages.includes(row.kind) && deleted.has(String(row.messageId))) return [];
        return [toNotification(row)];
      });
    },
  };
}
