import type { Actor } from '../../kernel/actor.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Visibility } from '../../views/visibility.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { ListMessages, MessagePage } from '@causerie/contract/messages';

/** Part of a conversation, and whether there is more on either side. */
interface PageContent {
  rows: MessageRow[];
  hasMoreBefore: boolean;
  hasMoreAfter: boolean;
}

type Read = (above: number, below: number | null, limit: number, nearest: 'above' | 'below') => Promise<MessageRow[]>;

/**
 * Reads both sides of a seq, itself included; one side may fill what the other lacks. Reads one row more than the limit
 * on each side, which tells whether there is more.
 */
async function around(read: Read, seq: number, limit: number): Promise<PageContent> {
  const [older, newer] = await Promise.all([read(0, seq, limit + 1, 'below'), read(seq - 1, null, limit + 1, 'above')]);
  const takeOlder = Math.min(older.length, Math.max(Math.floor(limit / 2), limit - newer.length));
  return {
    rows: [...older.slice(older.length - takeOlder), ...newer.slice(0, limit - takeOlder)],
    hasMoreBefore: older.length > takeOlder,
    hasMoreAfter: newer.length > limit - takeOlder,
  };
}

/** Reads the nearest messages below a seq, or the newest ones. */
async function backwards(read: Read, before: number | undefined, limit: number): Promise<PageContent> {
  const rows = await read(0, before ?? null, limit + 1, 'below');
  const hasMoreAfter = before !== undefined && (await read(before - 1, null, 1, 'above')).length > 0;
  return { rows: rows.slice(-limit), hasMoreBefore: rows.length > limit, hasMoreAfter };
}

/** Reads the nearest messages above a seq. */
async function forwards(read: Read, after: number, limit: number): Promise<PageContent> {
  const rows = await read(after, null, limit + 1, 'above');
  const hasMoreBefore = (await read(0, after + 1, 1, 'below')).length > 0;
  return { rows: rows.slice(0, limit), hasMoreBefore, hasMoreAfter: rows.length > limit };
}

interface Deps {
  conversations: Pick<Conversations, 'requireMembership'>;
  views: MessageViews;
  visibility: Pick<Visibility, 'range'>;
}

/** Lists part of a conversation as one member sees it, in ascending order; throws `not_found` if the actor is not a member. */
export function createListMessages({ conversations, views, visibility }: Deps) {
  return async function listMessages(
    { userId }: Actor,
    { conversationId, ...request }: ListMessages,
  ): Promise<MessagePage> {
    const membership = await conversations.requireMembership(userId, conversationId);
    const read: Read = (above, below, limit, nearest) =>
      visibility.range(membership.member, { above, below, limit, nearest });
    const { rows, ...more } = await readPage(read, request);
    return { items: await views.of(rows, [membership]), ...more };
  };
}

function readPage(read: Read, request: Omit<ListMessages, 'conversationId'>): Promise<PageContent> {
  if (request.around !== undefined) return around(read, request.around, request.limit);
  if (request.after !== undefined) return forwards(read, request.after, request.limit);
  return backwards(read, request.before, request.limit);
}
