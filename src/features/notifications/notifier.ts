/** Makes notifications from the log, off the way of the messages: a fact only wakes it, and what it missed is found again. */
import { createKeyedQueue } from '../../kernel/keyed-queue.js';
import type { Log } from '../../log/log.js';
import type { ChangeRepository } from '../../repositories/changes/change-repository.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { MessageRow, MessageRepository } from '../../repositories/messages/message-repository.js';

interface Deps {
  conversations: Pick<ConversationRepository, 'byId' | 'dueToNotify' | 'raiseNotified'>;
  messages: Pick<MessageRepository, 'range'>;
  changes: Pick<ChangeRepository, 'within'>;
  log: Pick<Log, 'flushed'>;
  /** Each may be done twice. */
  forMessages: readonly ((conversation: ConversationRow, found: readonly MessageRow[]) => Promise<void>)[];
  forChanges: (conversation: ConversationRow, messageIds: readonly string[]) => Promise<void>;
  /** After everything: what goes on being unread counts more. */
  afterwards: (conversation: ConversationRow, found: readonly MessageRow[]) => Promise<void>;
  onError: (error: unknown) => void;
}

export interface Notifier {
  /** Something has happened in a conversation: it is looked into a moment later, at most once in that time. */
  wake(conversationId: string): void;
  /** Wakes for everything that is due. */
  wakeAll(): Promise<void>;
  /** Ends for good: what is due by then is found by the next sweep of any process. */
  stop(): Promise<void>;
}

/** So long after the first of several messages they are told of together; who reads them meanwhile is told nothing. */
const gatherMs = 1_000;
const pageSize = 100;
const maxDue = 10_000;

/** Builds the pump of one process. */
export function createNotifier(deps: Deps): Notifier {
  const { conversations, messages, changes, log, forMessages, forChanges, afterwards, onError } = deps;
  const runInOrder = createKeyedQueue();
  const timers = new Map<string, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();

  /** One page of a conversation; false where there is nothing more. */
  async function step(conversationId: string): Promise<boolean> {
    await log.flushed();
    const row = await conversations.byId(conversationId);
    if (row?.state !== 'active') return false;
    const bounds = { above: row.notifiedSeq, below: row.seq + 1, limit: pageSize, nearest: 'above' } as const;
    const found = await messages.range(conversationId, bounds);
    const records = await changes.within([{ conversationId: row._id, above: row.notifiedRev, upTo: row.rev }]);
    const changed = [...new Set(records.flatMap(({ messageId }) => (messageId ? [String(messageId)] : [])))];
    for (const make of forMessages) await make(row, found);
    if (changed.length > 0) await forChanges(row, changed);
    await afterwards(row, found);
    const isAll = found.length < pageSize;
    const seq = isAll ? row.seq : (found.at(-1)?.seq ?? row.seq);
    await conversations.raiseNotified(row, { seq, rev: row.rev }, isAll);
    return !isAll;
  }

  let isStopped = false;

  async function work(conversationId: string): Promise<void> {
    while (await step(conversationId));
  }

  function run(conversationId: string): void {
    const working = runInOrder(conversationId, () => work(conversationId))
      .catch(onError)
      .finally(() => running.delete(working));
    running.add(working);
  }

  function wake(conversationId: string): void {
    if (isStopped || timers.has(conversationId)) return;
    const fire = (): void => {
      timers.delete(conversationId);
      run(conversationId);
    };
    timers.set(conversationId, setTimeout(fire, gatherMs).unref());
  }

  return {
    wake,
    async wakeAll() {
      for (const id of await conversations.dueToNotify(maxDue)) wake(id);
    },
    async stop() {
      isStopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      await Promise.all(running);
    },
  };
}
