import type { Id } from '../repositories/ids.js';
import type { MessageRow, MessageRepository } from '../repositories/messages/message-repository.js';
import { withTimeout } from '../kernel/timeouts.js';
import type { Entry, LogStream, Conflict } from './entry.js';

/** A message on its way: a retry is told from another message under the same clientId by its content. */
export interface MessageEntry extends Entry<MessageRow> {
  /** Whether a message that is there under the same clientId has this content. */
  readonly isSame: (digest: string) => boolean;
  /** Whether its sender may have left: in a group. */
  readonly mayLeave: boolean;
  /** Notes whether its sender may not write any more, where another process may have changed that. */
  readonly recheck: (() => Promise<void>) | null;
}

/** Who has left a group, as far as is known here. */
export interface Leavers {
  /** Which of these people are members. */
  among(conversationId: Id, userIds: readonly string[]): Promise<{ userId: Id }[]>;
  record(conversationId: string, userId: string): void;
}

/** How the log treats messages: numbered by `seq`, and once for each clientId of a sender. */
export function messageStream(repository: MessageRepository, leavers: Leavers): LogStream<MessageRow, MessageEntry> {
  async function resolveConflict({ row, isSame }: MessageEntry): Promise<Conflict<MessageRow>> {
    const { conversationId, senderId, clientId, changeId } = row;
    if (changeId) {
      const first = await repository.byChangeId(changeId);
      return first ? { by: 'first', row: first, isSame: true } : { by: 'number' };
    }
    const key = { conversationId: String(conversationId), senderId: String(senderId), clientId: String(clientId) };
    const first = await repository.bySendKey(key);
    return first ? { by: 'first', row: first, isSame: isSame(first.digest) } : { by: 'number' };
  }

  /** Notes who is no member of the group any more that he wants to write in. */
  async function refresh(entries: readonly MessageEntry[]): Promise<void> {
    const groups = new Map<string, { id: Id; senders: Set<string> }>();
    for (const { row, mayLeave } of entries) {
      if (!mayLeave || row.senderId === null) continue;
      const key = String(row.conversationId);
      const group = groups.get(key) ?? { id: row.conversationId, senders: new Set() };
      group.senders.add(String(row.senderId));
      groups.set(key, group);
    }
    await Promise.all(entries.flatMap(({ recheck }) => (recheck ? [recheck()] : [])));
    await Promise.all(
      [...groups].map(async ([conversationId, { id, senders }]) => {
        const present = new Set((await leavers.among(id, [...senders])).map(({ userId }) => String(userId)));
        for (const userId of senders) if (!present.has(userId)) leavers.record(conversationId, userId);
      }),
    );
  }

  return {
    numberOf: ({ seq }) => seq,
    setNumber(row, number) {
      row.seq = number;
    },
    insertInOrder: repository.insertInOrder,
    lastNumber: (conversationId) => withTimeout(repository.lastSeq(conversationId)),
    byIds: (ids) => withTimeout(repository.byIds(ids.map(String))),
    resolveConflict: (entry) => withTimeout(resolveConflict(entry)),
    refresh: (entries) => withTimeout(refresh(entries)),
  };
}
