import { createChangeMaking } from '../features/notifications/change-making.js';
import { createGroupMaking } from '../features/notifications/group-making.js';
import { createMaking } from '../features/notifications/making.js';
import { createNotificationNews } from '../features/notifications/notification-news.js';
import { createNotificationViews } from '../features/notifications/notification-views.js';
import { createNotifications } from '../features/notifications/notifications.service.js';
import { createPump } from '../features/notifications/pump.js';
import { createSecurityMaking } from '../features/notifications/security-making.js';
import { createSpellNews } from '../features/notifications/spell-news.js';
import type { Users } from '../features/users/users.service.js';
import type { Cursors } from '../kernel/cursors.js';
import { createInTurn } from '../kernel/in-turn.js';
import type { Log } from '../log/log.js';
import type { Counting } from '../views/counting.js';
import type { Ground, Parts } from './ground.js';

/** What notifications are made from. */
interface Sources {
  users: Users;
  log: Log;
  counting: Counting;
  cursors: Cursors;
}

/** Notifications, and the pump that makes them from the log. */
export function createNotifying({ logger }: Parts, { rows: all, bus, isConnected, jobs }: Ground, sources: Sources) {
  const { users, log, counting, cursors } = sources;
  const { relations } = users;
  const { notifications: rows, members, messages, conversations, hidden, reactions, changes } = all;
  const { blockedBy } = relations;
  const views = createNotificationViews({ conversations, members, messages, counting, blockedBy, log });
  const news = createNotificationNews({ rows, views, isConnected, bus });
  const inTurn = createInTurn();
  const notifications = createNotifications({ rows, views, news, inTurn, cursors });
  const ground = { rows, members, messages, hidden, reactions, relations, news, inTurn, counting, isConnected };
  const pump = createPump({
    conversations,
    messages,
    changes,
    log,
    forMessages: [createGroupMaking(ground), createMaking(ground)],
    forChanges: createChangeMaking(ground),
    afterwards: createSpellNews(ground),
    onError: (error) => logger.warn({ err: error }, 'notifications could not be made; they are made later'),
  });
  const tellOfReuse = createSecurityMaking(ground);
  jobs.handle('security_notice', ({ key: sessionId, data: { userId } }) => tellOfReuse({ userId, sessionId }));
  return { notifications, pump };
}
