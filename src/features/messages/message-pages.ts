import type { Viewer, Visibility } from '../../views/visibility.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';
import type { ListMessages } from '@causerie/contract/messages';

/** Part of a conversation, and whether there is more on either side. */
interface MessagePageRows {
  rows: MessageRow[];
  hasMoreBefore: boolean;
  hasMoreAfter: boolean;
}

type PageRequest = Omit<ListMessages, 'conversationId'>;
type Read = (above: number, below: number | null, limit: number, nearest: 'above' | 'below') => Promise<MessageRow[]>;

/** Both sides of a place, itself included; what one side lacks the other may fill. One row more than asked, on each side. */
async function around(read: Read, place: number, limit: number): Promise<MessagePageRows> {
  const [older, newer] = await Promise.all([
    read(0, place, limit + 1, 'below'),
    read(place - 1, null, limit + 1, 'above'),
  ]);
  const takeOlder = Math.min(older.length, Math.max(Math.floor(limit / 2), limit - newer.length));
  return {
    rows: [...older.slice(older.length - takeOlder), ...newer.slice(0, limit - takeOlder)],
    hasMoreBefore: older.length > takeOlder,
    hasMoreAfter: newer.length > limit - takeOlder,
  };
}

/** The nearest below a place, or the newest. */
async function backwards(read: Read, before: number | undefined, limit: number): Promise<MessagePageRows> {
  const rows = await read(0, before ?? null, limit + 1, 'below');
  const hasMoreAfter = before !== undefined && (await read(before - 1, null, 1, 'above')).length > 0;
  return { rows: rows.slice(-limit), hasMoreBefore: rows.length > limit, hasMoreAfter };
}

/** The nearest above a place. */
async function forwards(read: Read, after: number, limit: number): Promise<MessagePageRows> {
  const rows = await read(after, null, limit + 1, 'above');
  const hasMoreBefore = (await read(0, after + 1, 1, 'below')).length > 0;
  return { rows: rows.slice(0, limit), hasMoreBefore, hasMoreAfter: rows.length > limit };
}

/** Reads the part of a conversation that was asked for, as one member sees it, in ascending order. */
export async function readMessagePage(
  visibility: Visibility,
  viewer: Viewer,
  request: PageRequest,
): Promise<MessagePageRows> {
  const read: Read = (above, below, limit, nearest) => visibility.range(viewer, { above, below, limit, nearest });
  if (request.around !== undefined) return around(read, request.around, request.limit);
  if (request.after !== undefined) return forwards(read, request.after, request.limit);
  return backwards(read, request.before, request.limit);
}
