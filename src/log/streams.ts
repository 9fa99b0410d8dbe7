import type { MessageRow, MessageRepository } from '../repositories/messages/message-repository.js';
import { withTimeout } from '../kernel/timeouts.js';
import type { Entry, LogStream, Conflict } from './entry.js';
import type { ChangeRepository, ChangeRow } from '../repositories/changes/change-repository.js';

/** A queued message. Its content tells a retry from another message under the same clientId. */
export interface MessageEntry extends Entry<MessageRow> {
  /** Whether an existing message under the same clientId has the same content. */
  readonly isSame: (digest: string) => boolean;
  /** Whether its sender may have been removed in the meantime: in groups only. */
  readonly mayLeave: boolean;
  /** Checks again whether its sender may still write, where another process may have changed that. */
  readonly recheck: (() => Promise<void>) | null;
}

/** Reads members, and records those who were removed. */
export interface MemberSource {
  /** Those of these users who are members. */
  among(conversationId: string, userIds: readonly string[]): Promise<{ userId: string }[]>;
  record(conversationId: string, userId: string): void;
}

/** Messages: numbered by `seq`, one for each clientId of a sender. */
export function messageStream(
  repository: MessageRepository,
  members: MemberSource,
): LogStream<MessageRow, MessageEntry> {
  async function resolveConflict({ row, isSame }: MessageEntry): Promise<Conflict<MessageRow>> {
    const { conversationId, senderId, clientId, changeId } = row;
    if (changeId) {
      const first = await repository.byChangeId(changeId);
      return first ? { by: 'first', row: first, isSame: true } : { by: 'number' };
    }
    const key = { conversationId, senderId: String(senderId), clientId: String(clientId) };
    const first = await repository.bySendKey(key);
    return first ? { by: 'first', row: first, isSame: isSame(first.digest) } : { by: 'number' };
  }

  /** Records the senders who are not members of their group any more. */
  async function refresh(entries: readonly MessageEntry[]): Promise<void> {
    const sendersByGroup = new Map<string, Set<string>>();
    for (const { row, mayLeave } of entries) {
      if (!mayLeave || row.senderId === null) continue;
      const senders = sendersByGroup.get(row.conversationId) ?? new Set();
      sendersByGroup.set(row.conversationId, senders.add(row.senderId));
    }
    await Promise.all(entries.flatMap(({ recheck }) => (recheck ? [recheck()] : [])));
    await Promise.all(
      [...sendersByGroup].map(async ([conversationId, senders]) => {
        const present = new Set((await members.among(conversationId, [...senders])).map(({ userId }) => userId));
        for (const userId of senders) if (!present.has(userId)) members.record(conversationId, userId);
      }),
    );
  }

  return {
    numberField: 'seq',
    insertInOrder: repository.insertInOrder,
    lastNumber: (conversationId) => withTimeout(repository.lastSeq(conversationId)),
    byIds: (ids) => withTimeout(repository.byIds(ids)),
    resolveConflict: (entry) => withTimeout(resolveConflict(entry)),
    refresh: (entries) => withTimeout(refresh(entries)),
  };
}

/** Changes: numbered by `rev`, one for each `changeId`, whichever process completes it. */
export function changeStream(repository: ChangeRepository): LogStream<ChangeRow> {
  async function resolveConflict({ row }: Entry<ChangeRow>): Promise<Conflict<ChangeRow>> {
    const [first] = await repository.byChangeIds([row.changeId]);
    return first ? { by: 'first', row: first, isSame: true } : { by: 'number' };
  }

  return {
    numberField: 'rev',
    insertInOrder: repository.insertInOrder,
    lastNumber: (conversationId) => withTimeout(repository.lastRev(conversationId)),
    byIds: (ids) => withTimeout(repository.byIds(ids)),
    resolveConflict: (entry) => withTimeout(resolveConflict(entry)),
  };
}
