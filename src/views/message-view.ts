import type { SystemContent } from '../repositories/conversations/group-change.js';
import type { Links } from './links.js';
import type { MessageRow } from '../repositories/messages/message-repository.js';
import type { Message } from '@causerie/contract/message';

/** The reader of a message, and the receipts that every other member has reached, as far as they show them. */
export interface Reader {
  userId: string;
  minReceipts: { deliveredSeq: number; readSeq: number };
}

export interface Quoted {
  row: MessageRow;
  /** Whether the reader can see it; if not, its text is withheld. */
  isVisible: boolean;
}

const excerptLength = 100;

/** Whether the reader's own message is sent, delivered or read; null for the messages of others. */
export function stateFor(row: MessageRow, { userId, minReceipts }: Reader): Message['state'] {
  if (row.type === 'system' || row.senderId !== userId) return null;
  if (row.seq <= minReceipts.readSeq) return 'read';
  return row.seq <= minReceipts.deliveredSeq ? 'delivered' : 'sent';
}

function toSystem({ kind, actorId, userIds, role, title }: SystemContent): Message['system'] {
  return { kind, actorId, userIds, role, title };
}

function quoteOf(quoted: Quoted | null): Message['replyTo'] {
  if (!quoted) return null;
  const { row, isVisible } = quoted;
  const excerpt = isVisible ? [...row.text].slice(0, excerptLength).join('') : '';
  return { id: row._id, seq: row.seq, senderId: row.senderId, excerpt };
}

/** A message as one reader sees it. */
export function toMessage(
  row: MessageRow,
  quoted: Quoted | null,
  reader: Reader,
  links: Pick<Links, 'attachment'>,
): Message {
  return {
    id: row._id,
    conversationId: row.conversationId,
    seq: row.seq,
    rev: row.rev,
    senderId: row.senderId,
    clientId: row.clientId,
    type: row.type,
    text: row.text,
    attachments: (row.attachments ?? []).map(links.attachment),
    replyTo: row.replyTo ? quoteOf(quoted) : null,
    mentions: row.mentions,
    reactions: row.reactions.map(({ emoji, count, userIds }) => ({ emoji, count, userIds })),
    system: row.system && toSystem(row.system),
    revision: row.revision,
    createdAt: row.createdAt.toISOString(),
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    state: stateFor(row, reader),
  };
}

/** The ids of the messages that some messages quote. */
export function quotedIn(rows: readonly MessageRow[]): string[] {
  return rows.flatMap(({ replyTo }) => (replyTo ? [replyTo] : []));
}
