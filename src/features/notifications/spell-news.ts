import type { ConversationRow } from '../conversations/conversations.model.js';
import type { MessageRow } from '../messages/messages.model.js';
import type { NotificationNews } from './notification-news.js';
import type { NotificationRows } from './notifications.model.js';
import { isCounted } from './rules.js';

interface Deps {
  rows: Pick<NotificationRows, 'spellsIn'>;
  news: NotificationNews;
  isConnected(userId: string): boolean;
}

/** In larger groups devices count for themselves, by the messages that they hear. */
const largestGroup = 200;

/** Builds what tells those who are connected that more is unread in a spell that goes on. */
export function createSpellNews({ rows, news, isConnected }: Deps) {
  return async function afterwards(conversation: ConversationRow, found: readonly MessageRow[]): Promise<void> {
    const [first] = found.filter(isCounted);
    if (!first || conversation.memberCount > largestGroup) return;
    const spells = await rows.spellsIn(conversation._id);
    const going = spells.filter(({ userId, createdAt }) => isConnected(String(userId)) && createdAt < first.createdAt);
    await news.updated(going);
  };
}
