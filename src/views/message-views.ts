/** Messages put together with what they quote, as one member sees them. */
import type { Links } from '../features/media/links.js';
import type { MessageChanges } from '../features/messages/message-changes.model.js';
import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import { type Held, reachedOf } from './held.js';
import { type Quoted, quotedIn, toMessage } from './message-view.js';
import type { Message } from './message.schemas.js';
import type { Visibility } from './visibility.js';

export interface MessageViews {
  /** Messages as one person sees them who is in all their conversations, which `held` gives; by a fixed number of queries. */
  of(rows: readonly MessageRow[], held: readonly Held[]): Promise<Message[]>;
}

interface Deps {
  messages: Pick<MessageRows, 'byIds'>;
  changes: Pick<MessageChanges, 'withRevs'>;
  visibility: Pick<Visibility, 'unseenOf'>;
  links: Pick<Links, 'attachment'>;
}

/** Gives the standing of the reader in the conversation of a message. */
function standingIn(held: readonly Held[]): (row: MessageRow) => Held {
  const byConversation = new Map(held.map((one) => [String(one.conversation._id), one]));
  return ({ conversationId }) => {
    const found = byConversation.get(String(conversationId));
    if (!found) throw new Error('A message of a conversation that nobody asked for');
    return found;
  };
}

/** Builds what shows messages. */
export function createMessageViews({ messages, changes, visibility, links }: Deps): MessageViews {
  /** What is quoted, with whether the reader sees it. */
  async function quotesIn(rows: readonly MessageRow[], heldOf: (row: MessageRow) => Held) {
    const ids = quotedIn(rows);
    const found = ids.length === 0 ? [] : await messages.byIds(ids);
    const quotes = await Promise.all(
      found.map(async (row): Promise<[string, Quoted]> => {
        const unseen = await visibility.unseenOf(heldOf(row).member, [row.seq]);
        return [String(row._id), { row, isVisible: unseen.size === 0 }];
      }),
    );
    return new Map(quotes);
  }

  return {
    async of(found, held) {
      const heldOf = standingIn(held);
      const rows = await changes.withRevs(found);
      const quotes = await quotesIn(rows, heldOf);
      return rows.map((row) => {
        const one = heldOf(row);
        const reader = { userId: String(one.member.userId), reached: reachedOf(one) };
        return toMessage(row, quotes.get(String(row.replyTo)) ?? null, reader, links);
      });
    },
  };
}
