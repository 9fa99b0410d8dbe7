/** Writes notifications, and publishes changes to the devices of their readers. */
import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { groupBy } from '../../kernel/group-by.js';
import type { MemberRepository, MemberRow } from '../../repositories/members/member-repository.js';
import type {
  NewNotification,
  NotificationRepository,
  NotificationRow,
} from '../../repositories/notifications/notification-repository.js';
import { isSuperseded } from '../../rules/notifications.js';
import { canReceive } from '../../rules/people.js';
import type { Relations } from '../../views/relations.js';
import type { NotificationViews } from './notification-views.js';

interface PublisherDeps {
  repository: Pick<NotificationRepository, 'countUnread'>;
  views: NotificationViews;
  /** Whether a user has a socket in this process: for others there is nothing to publish. */
  isConnected(userId: string): boolean;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export interface NotificationPublisher {
  created(rows: readonly NotificationRow[]): Promise<void>;
  updated(rows: readonly NotificationRow[]): Promise<void>;
  removed(rows: readonly NotificationRow[]): Promise<void>;
}

export function createNotificationPublisher({
  repository,
  views,
  isConnected,
  bus,
}: PublisherDeps): NotificationPublisher {
  /** The rows of connected users, by user. */
  function connectedOnly(rows: readonly NotificationRow[]): [string, NotificationRow[]][] {
    const connected = rows.filter(({ userId }) => isConnected(userId));
    return [...groupBy(connected, ({ userId }) => userId)];
  }

  async function publish(
    name: 'notification.created' | 'notification.updated',
    rows: readonly NotificationRow[],
  ): Promise<void> {
    for (const [userId, ownRows] of connectedOnly(rows)) {
      const [visible, unread] = await Promise.all([views.of(userId, ownRows), repository.countUnread(userId)]);
      for (const notification of visible) bus.publish(name, { userId, notification, unread });
    }
  }

  return {
    created: (rows) => publish('notification.created', rows),
    updated: (rows) => publish('notification.updated', rows),
    async removed(rows) {
      for (const [userId, ownRows] of connectedOnly(rows)) {
        const unread = await repository.countUnread(userId);
        for (const { _id } of ownRows) bus.publish('notification.removed', { userId, notificationId: _id, unread });
      }
    },
  };
}

interface WriterDeps {
  repository: Pick<NotificationRepository, 'make' | 'remove'>;
  members: Pick<MemberRepository, 'among' | 'recordNotified'>;
  relations: Pick<Relations, 'relationships'>;
  publisher: NotificationPublisher;
}

/** A notification that is not written yet, and the member it is for. */
export interface PendingNotification {
  member: MemberRow;
  notification: NewNotification;
}

/** Writes the notifications of one conversation. */
export interface NotificationWriter {
  /** Writes and publishes notifications, except for members who have read on in the meantime. */
  write(pending: readonly PendingNotification[], isDigest: boolean): Promise<void>;
  /** The ids of those members who have blocked the sender. */
  blockersOf(senderId: string, members: readonly MemberRow[]): Promise<Set<string>>;
}

const userIdOf = ({ userId }: Pick<MemberRow, 'userId'>): string => userId;

export function createNotificationWriter({
  repository,
  members,
  relations,
  publisher,
}: WriterDeps): NotificationWriter {
  return {
    async write(pending, isDigest) {
      const [first] = pending;
      if (!first) return;
      const rows = await repository.make(pending.map(({ notification }) => notification));
      await members.recordNotified(
        pending.map(({ member }) => member),
        isDigest,
      );
      // Members who read from here on see that they have notifications and mark them read; those who read before are found below.
      const userIds = pending.map(({ member }) => userIdOf(member));
      const present = await members.among(first.member.conversationId, userIds);
      const byUser = new Map(present.map((row) => [userIdOf(row), row]));
      const isStale = (row: NotificationRow): boolean => isSuperseded(byUser.get(userIdOf(row)) ?? null, row);
      await repository.remove(rows.filter(isStale));
      await publisher.created(rows.filter((row) => !isStale(row)));
    },
    async blockersOf(senderId, some) {
      if (some.length === 0) return new Set();
      const relationships = await relations.relationships(senderId, some.map(userIdOf));
      return new Set([...relationships].flatMap(([userId, one]) => (canReceive(one) ? [] : [userId])));
    },
  };
}
