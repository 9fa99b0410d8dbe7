/** Creates notifications from the log, off the path of messages: a domain event only wakes it, and what it missed is found again. */
import { createKeyedQueue } from '../../kernel/keyed-queue.js';
import type { Log } from '../../log/log.js';
import type { ChangeRepository } from '../../repositories/changes/change-repository.js';
import type {
  ConversationRepository,
  ConversationRow,
} from '../../repositories/conversations/conversation-repository.js';
import type { MessageRepository, MessageRow } from '../../repositories/messages/message-repository.js';

type OnMessages = (conversation: ConversationRow, messages: readonly MessageRow[]) => Promise<void>;

interface Deps {
  conversations: Pick<ConversationRepository, 'byId' | 'dueToNotify' | 'raiseNotified'>;
  messages: Pick<MessageRepository, 'range'>;
  changes: Pick<ChangeRepository, 'within'>;
  log: Pick<Log, 'flushed'>;
  /** What happens for new messages, before changes. Each may run twice. */
  onMessages: readonly OnMessages[];
  onChanges: (conversation: ConversationRow, messageIds: readonly string[]) => Promise<void>;
  /** Runs last: digests that go on have a new count. */
  updateDigests: OnMessages;
  onError: (error: unknown) => void;
}

export interface Notifier {
  /** Handles a conversation a moment later, once for all calls until then. */
  wake(head: { conversationId: string }): void;
  /** Wakes every conversation whose notifications are behind its log. */
  wakeAll(): Promise<void>;
  /** Stops for good; what is left over is found by the next recovery of any process. */
  stop(): Promise<void>;
}

/** How long messages gather before they are notified together; what is read in this time is not notified. */
const gatherMs = 1_000;
const pageSize = 100;
const maxDue = 10_000;

export function createNotifier(deps: Deps): Notifier {
  const { conversations, messages, changes, log, onMessages, onChanges, updateDigests, onError } = deps;
  const queue = createKeyedQueue();
  const timers = new Map<string, NodeJS.Timeout>();
  let isStopped = false;

  /** Handles one page of a conversation; returns false if nothing is left. */
  async function step(conversationId: string): Promise<boolean> {
    await log.flushed();
    const row = await conversations.byId(conversationId);
    if (row?.state !== 'active') return false;
    const bounds = { above: row.notifiedSeq, below: row.seq + 1, limit: pageSize, nearest: 'above' } as const;
    const found = await messages.range(conversationId, bounds);
    const records = await changes.within([{ conversationId: row._id, above: row.notifiedRev, upTo: row.rev }]);
    const changed = [...new Set(records.flatMap(({ messageId }) => (messageId ? [messageId] : [])))];
    for (const handle of onMessages) await handle(row, found);
    if (changed.length > 0) await onChanges(row, changed);
    await updateDigests(row, found);
    const isAll = found.length < pageSize;
    const seq = isAll ? row.seq : (found.at(-1)?.seq ?? row.seq);
    await conversations.raiseNotified(row, { seq, rev: row.rev }, isAll);
    return !isAll;
  }

  async function handleAll(conversationId: string): Promise<void> {
    while (await step(conversationId));
  }

  function wake({ conversationId }: { conversationId: string }): void {
    if (isStopped || timers.has(conversationId)) return;
    const fire = (): void => {
      timers.delete(conversationId);
      queue.run(conversationId, () => handleAll(conversationId)).catch(onError);
    };
    timers.set(conversationId, setTimeout(fire, gatherMs).unref());
  }

  return {
    wake,
    async wakeAll() {
      for (const conversationId of await conversations.dueToNotify(maxDue)) wake({ conversationId });
    },
    async stop() {
      isStopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      await queue.idle();
    },
  };
}
