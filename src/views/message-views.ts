/** Messages put together with what they quote, as one member sees them. */
import type { MemberRow } from '../features/conversations/members.model.js';
import type { MessageChanges } from '../features/messages/message-changes.model.js';
import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import { type Quoted, quotedIn, type Reader, toMessage } from './message-view.js';
import type { Message } from './message.schemas.js';
import type { Visibility } from './visibility.js';

/** Who reads in one conversation: his row, and how far the others show that they are. */
export interface MemberReading {
  member: MemberRow;
  reached: Reader['reached'];
}

export interface MessageViews {
  /** Messages as their readers see them, each with the reader of its conversation; by a fixed number of queries. */
  of(rows: readonly MessageRow[], readers: (row: MessageRow) => MemberReading): Promise<Message[]>;
}

interface Deps {
  messages: Pick<MessageRows, 'byIds'>;
  changes: Pick<MessageChanges, 'withRevs'>;
  visibility: Pick<Visibility, 'unseenOf'>;
}

/** Builds what shows messages. */
export function createMessageViews({ messages, changes, visibility }: Deps): MessageViews {
  /** What is quoted, with whether the reader of its conversation sees it. */
  async function quotesIn(rows: readonly MessageRow[], readers: (row: MessageRow) => MemberReading) {
    const ids = quotedIn(rows);
    const found = ids.length === 0 ? [] : await messages.byIds(ids);
    const quotes = await Promise.all(
      found.map(async (row): Promise<[string, Quoted]> => {
        const unseen = await visibility.unseenOf(readers(row).member, [row.seq]);
        return [String(row._id), { row, isVisible: unseen.size === 0 }];
      }),
    );
    return new Map(quotes);
  }

  return {
    async of(found, readers) {
      const rows = await changes.withRevs(found);
      const quotes = await quotesIn(rows, readers);
      return rows.map((row) => {
        const { member, reached } = readers(row);
        return toMessage(row, quotes.get(String(row.replyTo)) ?? null, { userId: String(member.userId), reached });
      });
    },
  };
}
