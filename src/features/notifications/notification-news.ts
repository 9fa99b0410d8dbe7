import type { Facts } from '../../facts.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { NotificationViews } from './notification-views.js';
import type { NotificationRow, NotificationRows } from './notifications.model.js';

interface Deps {
  rows: Pick<NotificationRows, 'countUnread'>;
  views: NotificationViews;
  /** Whether somebody has a socket here: for others nothing has to be put together. */
  isConnected(userId: string): boolean;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** Tells the devices of people what has become of their notifications. */
export interface NotificationNews {
  created(rows: readonly NotificationRow[]): Promise<void>;
  updated(rows: readonly NotificationRow[]): Promise<void>;
  removed(rows: readonly NotificationRow[]): Promise<void>;
}

/** Builds the news of notifications. */
export function createNotificationNews({ rows, views, isConnected, bus }: Deps): NotificationNews {
  /** The rows of those who are connected, by person. */
  function heard(some: readonly NotificationRow[]): [string, NotificationRow[]][] {
    const byUser = new Map<string, NotificationRow[]>();
    for (const row of some) {
      const userId = String(row.userId);
      if (isConnected(userId)) byUser.set(userId, [...(byUser.get(userId) ?? []), row]);
    }
    return [...byUser];
  }

  async function tell(
    name: 'notification.created' | 'notification.updated',
    some: readonly NotificationRow[],
  ): Promise<void> {
    for (const [userId, own] of heard(some)) {
      const [shown, unread] = await Promise.all([views.of(userId, own), rows.countUnread(userId)]);
      for (const notification of shown) bus.publish(name, { userId, notification, unread });
    }
  }

  return {
    created: (some) => tell('notification.created', some),
    updated: (some) => tell('notification.updated', some),
    async removed(some) {
      for (const [userId, own] of heard(some)) {
        const unread = await rows.countUnread(userId);
        for (const { _id } of own) bus.publish('notification.removed', { userId, notificationId: String(_id), unread });
      }
    },
  };
}
