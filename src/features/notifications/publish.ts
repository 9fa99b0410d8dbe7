import type { DomainEvents } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { NotificationViews } from './notification-views.js';
import type {
  NotificationRow,
  NotificationRepository,
} from '../../repositories/notifications/notification-repository.js';

interface Deps {
  repository: Pick<NotificationRepository, 'countUnread'>;
  views: NotificationViews;
  /** Whether somebody has a socket here: for others nothing has to be put together. */
  isConnected(userId: string): boolean;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** Tells the devices of people what has become of their notifications. */
export interface NotificationPublisher {
  created(rows: readonly NotificationRow[]): Promise<void>;
  updated(rows: readonly NotificationRow[]): Promise<void>;
  removed(rows: readonly NotificationRow[]): Promise<void>;
}

/** Builds the news of notifications. */
export function createNotificationPublisher({ repository, views, isConnected, bus }: Deps): NotificationPublisher {
  /** The rows of those who are connected, by person. */
  function connectedOnly(some: readonly NotificationRow[]): [string, NotificationRow[]][] {
    const byUser = new Map<string, NotificationRow[]>();
    for (const row of some) {
      const userId = String(row.userId);
      if (isConnected(userId)) byUser.set(userId, [...(byUser.get(userId) ?? []), row]);
    }
    return [...byUser];
  }

  async function publish(
    name: 'notification.created' | 'notification.updated',
    some: readonly NotificationRow[],
  ): Promise<void> {
    for (const [userId, ownRows] of connectedOnly(some)) {
      const [shown, unread] = await Promise.all([views.of(userId, ownRows), repository.countUnread(userId)]);
      for (const notification of shown) bus.publish(name, { userId, notification, unread });
    }
  }

  return {
    created: (some) => publish('notification.created', some),
    updated: (some) => publish('notification.updated', some),
    async removed(some) {
      for (const [userId, ownRows] of connectedOnly(some)) {
        const unread = await repository.countUnread(userId);
        for (const { _id } of ownRows)
          bus.publish('notification.removed', { userId, notificationId: String(_id), unread });
      }
    },
  };
}
