import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import { canReceive } from '../../rules/people.js';
import type { Relations } from '../../views/relations.js';
import type { NotificationPublisher } from './publish.js';
import type {
  NewNotification,
  NotificationRow,
  NotificationRepository,
} from '../../repositories/notifications/notification-repository.js';
import { digestKeyOf } from '../../rules/notifications.js';

interface Deps {
  repository: Pick<NotificationRepository, 'make' | 'remove'>;
  members: Pick<MemberRepository, 'among' | 'recordNotified'>;
  relations: Pick<Relations, 'relationships'>;
  publisher: NotificationPublisher;
}

/** Somebody with what makes a notification for him. */
export interface PendingNotification {
  member: MemberRow;
  notification: NewNotification;
}

/** Makes notifications of one conversation, and asks who would not have them. */
export interface NotificationWriter {
  /** Makes them, but for those whose readers have read on meanwhile: what is read meanwhile makes none. */
  make(pending: readonly PendingNotification[], isDigest: boolean): Promise<void>;
  /** Which of these members has blocked the sender. */
  blockersOf(senderId: string, some: readonly MemberRow[]): Promise<Set<string>>;
}

const userIdOf = ({ userId }: Pick<MemberRow, 'userId'>): string => String(userId);

/** Builds what makes the notifications of one conversation. */
export function createNotificationWriter({ repository, members, relations, publisher }: Deps): NotificationWriter {
  return {
    async make(pending, isDigest) {
      const [first] = pending;
      if (!first) return;
      const made = await repository.make(pending.map(({ notification }) => notification));
      await members.recordNotified(
        pending.map(({ member }) => member),
        isDigest,
      );
      // Whoever marks after this moment finds that he has some, and reads them.
      const userIds = pending.map(({ member }) => userIdOf(member));
      const present = await members.among(first.member.conversationId, userIds);
      const now = new Map(present.map((row) => [userIdOf(row), row]));
      const isStale = (row: NotificationRow): boolean => {
        const member = now.get(userIdOf(row));
        return !member || (row.kind === 'message' ? digestKeyOf(member) !== row.source : member.readSeq >= row.seq);
      };
      await repository.remove(made.filter(isStale));
      await publisher.created(made.filter((row) => !isStale(row)));
    },
    async blockersOf(senderId, some) {
      if (some.length === 0) return new Set();
      const relationships = await relations.relationships(senderId, some.map(userIdOf));
      return new Set(
        [...relationships].filter(([, relationship]) => !canReceive(relationship)).map(([userId]) => userId),
      );
    },
  };
}
