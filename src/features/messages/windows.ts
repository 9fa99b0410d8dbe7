import type { MessageRow, MessageRows } from './messages.model.js';
import type { ListMessages } from './messages.schemas.js';

/** Part of a conversation, and whether there is more on either side. */
interface Window {
  rows: MessageRow[];
  hasMoreBefore: boolean;
  hasMoreAfter: boolean;
}

/** What of a conversation somebody may see: above `start`, up to `seq`. */
interface Bounds {
  start: number;
  seq: number;
}

type Asked = Omit<ListMessages, 'conversationId'>;

/** Both sides of a place, itself included; what one side lacks the other may fill. */
async function around(rows: MessageRows, conversationId: string, place: number, { start, limit }: Bounds & Asked) {
  const older = await rows.range(conversationId, { above: start, below: place, limit, nearest: 'below' });
  const from = Math.max(start, place - 1);
  const newer = await rows.range(conversationId, { above: from, below: null, limit, nearest: 'above' });
  const takeOlder = Math.min(older.length, Math.max(Math.floor(limit / 2), limit - newer.length));
  return [...older.slice(older.length - takeOlder), ...newer.slice(0, limit - takeOlder)];
}

async function oneSide(rows: MessageRows, conversationId: string, { start, before, after, limit }: Bounds & Asked) {
  const above = Math.max(start, after ?? start);
  const nearest = after === undefined ? 'below' : 'above';
  return rows.range(conversationId, { above, below: before ?? null, limit, nearest });
}

/** Reads the part of a conversation that was asked for, in ascending order; an empty part lies where it was looked for. */
export async function readWindow(
  rows: MessageRows,
  conversationId: string,
  asked: Asked,
  { start, seq }: Bounds,
): Promise<Window> {
  const where = { ...asked, start, seq };
  const found =
    asked.around === undefined
      ? await oneSide(rows, conversationId, where)
      : await around(rows, conversationId, asked.around, where);
  const above = Math.max(start, asked.after ?? start);
  const first = found[0]?.seq ?? (asked.after === undefined ? (asked.before ?? 0) : above + 1);
  const last = found.at(-1)?.seq ?? (asked.before === undefined ? above : asked.before - 1);
  return {
    rows: found,
    hasMoreBefore: seq > start && Math.min(first, seq + 1) > start + 1,
    hasMoreAfter: last < seq,
  };
}
