import type { Membership } from '../../views/membership.js';
import { type Counting, countsIn } from '../../views/counting.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { MessageRepository, MessageRow } from '../../repositories/messages/message-repository.js';
import { isCounted, digestKeyOf } from '../../rules/notifications.js';
import type { NotificationRow } from '../../repositories/notifications/notification-repository.js';
import type { Notification } from '@causerie/contract/notifications';
import type { PendingSource } from '../../log/projections.js';
import { raised, raisedMember } from '../../log/projections.js';

interface Deps {
  conversations: Pick<ConversationRepository, 'byIds'>;
  members: Pick<MemberRepository, 'ofUserIn'>;
  messages: Pick<MessageRepository, 'newestCounted' | 'atPlaces' | 'byIds'>;
  counting: Pick<Counting, 'of'>;
  /** The ids of the users that a user has blocked. */
  blockedBy(userId: string): Promise<string[]>;
  log: Pick<PendingSource, 'pending'>;
}

export interface NotificationViews {
  /** The rows of one user as they may see them now; what they may not see any more is left out. */
  of(userId: string, rows: readonly NotificationRow[]): Promise<Notification[]>;
}

/** Kinds that refer to a message: only members of its conversation are shown them. */
const ofMessages: readonly string[] = ['message', 'mention', 'reply', 'reaction'];

function toNotification(row: NotificationRow, more: Partial<Notification> = {}): Notification {
  return {
    id: row._id,
    kind: row.kind,
    actorId: row.actorId,
    conversationId: row.conversationId,
    messageId: row.messageId,
    count: row.count,
    data: row.data,
    readAt: row.readAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...more,
  };
}

/** Reads the current state of unread digests, in a fixed number of queries as long as the last message of each conversation counts. */
function createUnreadDigests({ messages, counting }: Pick<Deps, 'messages' | 'counting'>) {
  /**
   * The newest message of each conversation that counts as unread. It is the last one unless the head says that the last
   * one may not count; so one round of queries is enough, except when a last message is deleted at this moment.
   */
  async function newestOf(memberships: readonly Membership[]): Promise<Map<string, string>> {
    const heads = memberships.map(({ conversation }) => conversation);
    const isLast = ({ seq, lastUncountedSeq }: Membership['conversation']): boolean => lastUncountedSeq < seq;
    const newestCounted = (some: typeof heads): Promise<(MessageRow | null)[]> =>
      Promise.all(some.map(({ _id }) => messages.newestCounted(_id)));
    const [last, others] = await Promise.all([
      messages.atPlaces(heads.filter(isLast).map(({ _id, seq }) => ({ conversationId: _id, seq }))),
      newestCounted(heads.filter((head) => !isLast(head))),
    ]);
    const counted = last.filter(isCounted);
    const known = new Set(counted.map(({ conversationId }) => conversationId));
    const deleted = await newestCounted(heads.filter((head) => isLast(head) && !known.has(head._id)));
    const all = [...counted, ...others, ...deleted].filter((row) => row !== null);
    return new Map(all.map(({ _id, conversationId }) => [conversationId, _id]));
  }

  /** The number of unread messages of each conversation and the newest of them, by conversation id. */
  return async function digestsOf(
    userId: string,
    memberships: readonly Membership[],
  ): Promise<Map<string, Partial<Notification>>> {
    if (memberships.length === 0) return new Map();
    const [counts, newest] = await Promise.all([counting.of(userId, memberships), newestOf(memberships)]);
    return new Map(
      memberships.map((one) => {
        const key = one.conversation._id;
        return [key, { count: countsIn(counts, one).unreadCount, messageId: newest.get(key) ?? null }];
      }),
    );
  };
}

/** Whether the reader has read nothing since the digest began. */
function isOngoing({ source }: NotificationRow, membership: Membership | undefined): boolean {
  return membership !== undefined && source === digestKeyOf(membership.member);
}

function ended(row: NotificationRow): Notification {
  return toNotification(row, { readAt: (row.readAt ?? row.updatedAt).toISOString() });
}

/** Shows notifications: rows hold ids only, and everything that can change is read when it is shown. */
export function createNotificationViews({
  conversations,
  members,
  messages,
  counting,
  blockedBy,
  log,
}: Deps): NotificationViews {
  const digestsOf = createUnreadDigests({ messages, counting });

  /** The conversations of these rows that the user is a member of. */
  async function membershipsOf(userId: string, rows: readonly NotificationRow[]): Promise<Map<string, Membership>> {
    const ids = new Set(rows.flatMap(({ conversationId }) => conversationId ?? []));
    if (ids.size === 0) return new Map();
    // Taken before the rows are read: what was recorded until then is in it, or written and so in the rows.
    const pending = new Map([...ids].map((id) => [id, log.pending(id)]));
    const ownMembers = await members.ofUserIn(userId, [...ids]);
    const found = new Map((await conversations.byIds([...ids])).map((row) => [row._id, row]));
    return new Map(
      ownMembers.flatMap((row): [string, Membership][] => {
        const id = row.conversationId;
        const conversation = found.get(id);
        const known = pending.get(id) ?? null;
        if (!conversation) return [];
        return [[id, { conversation: raised(conversation, known), member: raisedMember(row, known), other: null }]];
      }),
    );
  }

  /** Everything that decides what the user is shown of these rows. */
  async function contextOf(userId: string, rows: readonly NotificationRow[]) {
    const [memberships, blocked, found] = await Promise.all([
      membershipsOf(userId, rows),
      blockedBy(userId),
      messages.byIds(rows.flatMap(({ messageId }) => (messageId ? [messageId] : []))),
    ]);
    const ongoing = rows.flatMap((row) => {
      const here = memberships.get(String(row.conversationId));
      return row.kind === 'message' && here && isOngoing(row, here) ? [here] : [];
    });
    const deleted = new Set(found.filter(({ deletedAt }) => deletedAt).map(({ _id }) => _id));
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
          // A digest that has ended is read, and stays as it was.
          if (!digest || !isOngoing(row, memberships.get(key))) return [ended(row)];
          return digest.count === 0 ? [] : [toNotification(row, digest)];
        }
        if (row.kind !== 'security' && blocked.includes(String(row.actorId))) return [];
        if (ofMessages.includes(row.kind) && deleted.has(String(row.messageId))) return [];
        return [toNotification(row)];
      });
    },
  };
}
