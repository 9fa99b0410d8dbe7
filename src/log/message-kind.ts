import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
import { inTime } from '../kernel/patience.js';
import type { Entry, Kind, Taken } from './entry.js';

/** A message on its way: a retry is told from another message under the same clientId by its content. */
export interface MessageEntry extends Entry<MessageRow> {
  /** Whether a message that is there under the same clientId has this content. */
  readonly isSame: (digest: string) => boolean;
}

/** How the log treats messages: numbered by `seq`, and once for each clientId of a sender. */
export function messageKind(rows: MessageRows): Kind<MessageRow, MessageEntry> {
  async function judgeTaken({ row, isSame }: MessageEntry): Promise<Taken<MessageRow>> {
    const { conversationId, senderId, clientId } = row;
    const key = { conversationId: String(conversationId), senderId: String(senderId), clientId };
    const first = await rows.bySendKey(key);
    return first ? { by: 'first', row: first, isSame: isSame(first.digest) } : { by: 'number' };
  }

  return {
    numberOf: ({ seq }) => seq,
    setNumber(row, number) {
      row.seq = number;
    },
    insertInOrder: (items) =>
      inTime(rows.insertInOrder(items)).catch((error: unknown) => ({ outcome: 'unknown' as const, error })),
    lastNumber: (conversationId) => inTime(rows.lastSeq(conversationId)),
    byIds: (ids) => inTime(rows.byIds(ids.map(String))),
    judgeTaken: (entry) => inTime(judgeTaken(entry)),
  };
}
