import type { NotificationPublisher } from './publish.js';
import type { NotificationRepository } from '../../repositories/notifications/notification-repository.js';

interface Deps {
  repository: Pick<NotificationRepository, 'makeSecurity'>;
  publisher: NotificationPublisher;
}

/** Builds what tells somebody that one of his sessions was ended because its retired token was used. */
export function createNotifyTokenReuse({ repository, publisher }: Deps) {
  return async function notifyTokenReuse({ userId, sessionId }: { userId: string; sessionId: string }): Promise<void> {
    await publisher.created(await repository.makeSecurity(userId, sessionId));
  };
}
