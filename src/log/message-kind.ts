import type { MessageRow, MessageRows } from '../features/messages/messages.model.js';
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
    insertInOrder: rows.insertInOrder,
    lastNumber: rows.lastSeq,
    byIds: (ids) => rows.byIds(ids.map(String)),
    judgeTaken,
  };
}
