import { createNotificationViews } from '../features/notifications/notification-views.js';
import { createNotifications } from '../features/notifications/notifications.service.js';
import { createNotifier } from '../features/notifications/notifier.js';
import { createOnChanges } from '../features/notifications/on-changes.js';
import { createOnGroupChanges } from '../features/notifications/on-group-changes.js';
import { createOnMessages, createUpdateDigests } from '../features/notifications/on-messages.js';
import { createNotificationPublisher } from '../features/notifications/publish.js';
import type { Users } from '../features/users/users.service.js';
import type { Cursors } from '../kernel/cursors.js';
import { createKeyedQueue } from '../kernel/keyed-queue.js';
import type { Log } from '../log/log.js';
import type { Counting } from '../views/counting.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';

interface Sources {
  users: Users;
  log: Log;
  counting: Counting;
  cursors: Cursors;
}

/** Notifications, and the notifier that creates them from the log. */
export function createNotifying(
  { logger }: ServerOptions,
  { repositories: all, bus, isConnected, jobs }: Infrastructure,
  { users, log, counting, cursors }: Sources,
) {
  const { relations } = users;
  const { notifications: repository, members, messages, conversations, hidden, reactions, changes } = all;
  const { blockedBy } = relations;
  const views = createNotificationViews({ conversations, members, messages, counting, blockedBy, log });
  const publisher = createNotificationPublisher({ repository, views, isConnected, bus });
  const queue = createKeyedQueue();
  const notifications = createNotifications({ repository, views, publisher, queue, cursors });
  const repositories = { repository, members, messages, hidden, reactions };
  const shared = { ...repositories, relations, publisher, queue, counting, isConnected };
  const notifier = createNotifier({
    conversations,
    messages,
    changes,
    log,
    onMessages: [createOnGroupChanges(shared), createOnMessages(shared)],
    onChanges: createOnChanges(shared),
    updateDigests: createUpdateDigests(shared),
    onError: (error) => logger.warn({ err: error }, 'creating notifications failed; retrying'),
  });
  jobs.handle('security_notice', ({ key: sessionId, data }) => notifications.tokenReused(data.userId, sessionId));
  return { notifications, notifier };
}
