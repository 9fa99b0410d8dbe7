import type { NotificationNews } from './notification-news.js';
import type { NotificationRows } from './notifications.model.js';

interface Deps {
  rows: Pick<NotificationRows, 'makeSecurity'>;
  news: NotificationNews;
}

/** Builds what tells somebody that one of his sessions was ended because its retired token was used. */
export function createSecurityMaking({ rows, news }: Deps) {
  return async function tell({ userId, sessionId }: { userId: string; sessionId: string }): Promise<void> {
    await news.created(await rows.makeSecurity(userId, sessionId));
  };
}
