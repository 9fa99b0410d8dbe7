import type { InTurn } from '../../kernel/in-turn.js';
import type { ConversationRow } from '../conversations/conversations.model.js';
import type { HiddenRows } from '../conversations/hidden.model.js';
import type { MemberRows } from '../conversations/members.model.js';
import type { MessageRow, MessageRows } from '../messages/messages.model.js';
import type { Relations } from '../users/relations.js';
import { type Addressed, createAddressing } from './addressing.js';
import type { NotificationNews } from './notification-news.js';
import type { NotificationRows } from './notifications.model.js';
import { isCounted } from './rules.js';
import { createSpeaking } from './speaking.js';
import { createTelling } from './telling.js';

interface Deps {
  rows: NotificationRows;
  members: Pick<MemberRows, 'among' | 'unspokenIn' | 'noteNotified'>;
  messages: Pick<MessageRows, 'byIds'>;
  hidden: Pick<HiddenRows, 'within'>;
  relations: Pick<Relations, 'betweenAll'>;
  news: NotificationNews;
  inTurn: InTurn;
}

/** Makes the notifications of new messages of one conversation, each for whoever may see it. */
export type Making = (conversation: ConversationRow, found: readonly MessageRow[]) => Promise<void>;

/** Builds what reads the messages of a conversation and tells people of them. */
export function createMaking(deps: Deps): Making {
  const { rows, members, messages, news, inTurn } = deps;
  const telling = createTelling(deps);
  const address = createAddressing({ members, telling });
  const speak = createSpeaking({ ...deps, telling });

  /** Who writes has read: what he was told of before is read. */
  async function readByWriting(conversationId: string, counted: readonly MessageRow[]): Promise<void> {
    const last = new Map(counted.map(({ senderId, seq }) => [String(senderId), seq]));
    for (const [senderId, seq] of last) {
      await inTurn(senderId, async () => news.updated(await rows.readIn(senderId, conversationId, seq)));
    }
  }

  async function quotedBy(counted: readonly MessageRow[]): Promise<Map<string, MessageRow>> {
    const ids = counted.flatMap(({ replyTo }) => (replyTo ? [String(replyTo)] : []));
    const found = ids.length === 0 ? [] : await messages.byIds(ids);
    return new Map(found.map((row) => [String(row._id), row]));
  }

  return async function makeFor(conversation, found) {
    const counted = found.filter(isCounted);
    await readByWriting(String(conversation._id), counted);
    const quoted = await quotedBy(counted);
    const addressed: Addressed = new Map();
    for (const message of counted) {
      if (message.mentions.length === 0 && !message.replyTo) continue;
      addressed.set(String(message._id), await address(message, quoted.get(String(message.replyTo)) ?? null));
    }
    await speak(counted, addressed);
  };
}
