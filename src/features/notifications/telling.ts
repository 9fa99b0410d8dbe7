import type { MemberRow, MemberRows } from '../conversations/members.model.js';
import { isHeard } from '../users/people.policy.js';
import type { Relations } from '../users/relations.js';
import type { NotificationNews } from './notification-news.js';
import type { NewNotification, NotificationRow, NotificationRows } from './notifications.model.js';
import { spellOf } from './rules.js';

interface Deps {
  rows: Pick<NotificationRows, 'make' | 'remove'>;
  members: Pick<MemberRows, 'among' | 'noteNotified'>;
  relations: Pick<Relations, 'betweenAll'>;
  news: NotificationNews;
}

/** Somebody with what makes a notification for him. */
export interface Due {
  member: MemberRow;
  notification: NewNotification;
}

/** Makes notifications of one conversation, and asks who would not have them. */
export interface Telling {
  /** Makes them, but for those whose readers have read on meanwhile: what is read meanwhile makes none. */
  make(due: readonly Due[], isSpell: boolean): Promise<void>;
  /** Which of these members has blocked the sender. */
  deafTo(senderId: string, some: readonly MemberRow[]): Promise<Set<string>>;
}

const userIdOf = ({ userId }: Pick<MemberRow, 'userId'>): string => String(userId);

/** Builds what makes the notifications of one conversation. */
export function createTelling({ rows, members, relations, news }: Deps): Telling {
  return {
    async make(due, isSpell) {
      const [first] = due;
      if (!first) return;
      const made = await rows.make(due.map(({ notification }) => notification));
      await members.noteNotified(
        due.map(({ member }) => member),
        isSpell,
      );
      // Whoever marks after this moment finds that he has some, and reads them.
      const userIds = due.map(({ member }) => userIdOf(member));
      const present = await members.among(first.member.conversationId, userIds);
      const now = new Map(present.map((row) => [userIdOf(row), row]));
      const isStale = (row: NotificationRow): boolean => {
        const member = now.get(userIdOf(row));
        return !member || (row.kind === 'message' ? spellOf(member) !== row.source : member.readSeq >= row.seq);
      };
      await rows.remove(made.filter(isStale));
      await news.created(made.filter((row) => !isStale(row)));
    },
    async deafTo(senderId, some) {
      if (some.length === 0) return new Set();
      const betweens = await relations.betweenAll(senderId, some.map(userIdOf));
      return new Set([...betweens].filter(([, between]) => !isHeard(between)).map(([userId]) => userId));
    },
  };
}
