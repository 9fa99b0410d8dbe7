import { createOnChanges } from '../features/notifications/on-changes.js';
import { createOnGroupChanges } from '../features/notifications/on-group-changes.js';
import { createOnMessages } from '../features/notifications/on-messages.js';
import { createNotificationPublisher } from '../features/notifications/publish.js';
import { createNotificationViews } from '../features/notifications/notification-views.js';
import { createNotifications } from '../features/notifications/notifications.service.js';
import { createNotifier } from '../features/notifications/notifier.js';
import { createNotifyTokenReuse } from '../features/notifications/notify-token-reuse.js';
import { createDigestPublisher } from '../features/notifications/digest-publisher.js';
import type { Users } from '../features/users/users.service.js';
import type { Cursors } from '../kernel/cursors.js';
import { createKeyedQueue } from '../kernel/keyed-queue.js';
import type { Log } from '../log/log.js';
import type { Counting } from '../views/counting.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';

/** What notifications are made from. */
interface Sources {
  users: Users;
  log: Log;
  counting: Counting;
  cursors: Cursors;
}

/** Notifications, and the pump that makes them from the log. */
export function createNotifying(
  { logger }: ServerOptions,
  { repositories: all, bus, isConnected, jobs }: Infrastructure,
  sources: Sources,
) {
  const { users, log, counting, cursors } = sources;
  const { relations } = users;
  const { notifications: repository, members, messages, conversations, hidden, reactions, changes } = all;
  const { blockedBy } = relations;
  const views = createNotificationViews({ conversations, members, messages, counting, blockedBy, log });
  const publisher = createNotificationPublisher({ repository, views, isConnected, bus });
  const runInOrder = createKeyedQueue();
  const notifications = createNotifications({ repository, views, publisher, runInOrder, cursors });
  const shared = {
    repository,
    members,
    messages,
    hidden,
    reactions,
    relations,
    publisher,
    runInOrder,
    counting,
    isConnected,
  };
  const notifier = createNotifier({
    conversations,
    messages,
    changes,
    log,
    forMessages: [createOnGroupChanges(shared), createOnMessages(shared)],
    forChanges: createOnChanges(shared),
    afterwards: createDigestPublisher(shared),
    onError: (error) => logger.warn({ err: error }, 'notifications could not be made; they are made later'),
  });
  const notifyTokenReuse = createNotifyTokenReuse(shared);
  jobs.handle('security_notice', ({ key: sessionId, data: { userId } }) => notifyTokenReuse({ userId, sessionId }));
  return { notifications, notifier };
}
