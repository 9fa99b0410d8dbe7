import type { Links } from './links.js';
import type { MessageChangeRepository } from '../repositories/messages/message-change-repository.js';
import type { MessageRow, MessageRepository } from '../repositories/messages/message-repository.js';
import { type Membership, minReceiptsOf } from './membership.js';
import { type Quoted, quotedIn, toMessage } from './message-view.js';
import type { Message } from '@causerie/contract/message';
import type { Visibility } from './visibility.js';

export interface MessageViews {
  /**
   * Messages with the messages that they quote, as one user sees them; `memberships` are those of the user in all their
   * conversations. Takes a fixed number of queries, which run side by side except where a quoted message may be hidden.
   * `quoted`: the quoted messages that have been read already.
   */
  of(
    rows: readonly MessageRow[],
    memberships: readonly Membership[],
    quoted?: readonly MessageRow[],
  ): Promise<Message[]>;
}

interface Deps {
  messages: Pick<MessageRepository, 'byIds'>;
  changes: Pick<MessageChangeRepository, 'withRevs'>;
  visibility: Pick<Visibility, 'unseenOf'>;
  links: Pick<Links, 'attachment'>;
}

/** Finds the reader's membership in the conversation of a message. */
function membershipIn(memberships: readonly Membership[]): (row: MessageRow) => Membership {
  const byConversation = new Map(memberships.map((one) => [one.conversation._id, one]));
  return ({ conversationId }) => {
    const found = byConversation.get(conversationId);
    if (!found) throw new Error('A message of a conversation without a given membership');
    return found;
  };
}

export function createMessageViews({ messages, changes, visibility, links }: Deps): MessageViews {
  /** The quoted messages by id; `known` are those that have been read. */
  async function quotesIn(
    rows: readonly MessageRow[],
    known: readonly MessageRow[],
    membershipOf: (row: MessageRow) => Membership,
  ) {
    const there = new Set(known.map(({ _id }) => _id));
    const ids = quotedIn(rows).filter((id) => !there.has(id));
    const found = ids.length === 0 ? [] : await messages.byIds(ids);
    const quotes = await Promise.all(
      [...known, ...found].map(async (row): Promise<[string, Quoted]> => {
        const unseen = await visibility.unseenOf(membershipOf(row).member, [row.seq]);
        return [row._id, { row, isVisible: unseen.size === 0 }];
      }),
    );
    return new Map(quotes);
  }

  return {
    async of(found, memberships, quoted = []) {
      const membershipOf = membershipIn(memberships);
      const [rows, quotes] = await Promise.all([changes.withRevs(found), quotesIn(found, quoted, membershipOf)]);
      return rows.map((row) => {
        const one = membershipOf(row);
        const reader = { userId: one.member.userId, minReceipts: minReceiptsOf(one) };
        return toMessage(row, (row.replyTo !== null && quotes.get(row.replyTo)) || null, reader, links);
      });
    },
  };
}
