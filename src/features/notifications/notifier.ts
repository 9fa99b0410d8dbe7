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
  messages: Pick<MessageRepository, 'within'>;
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

/** How long messages gather before they are notified together; messages that are read in this time are not notified. */
const gatherMs = 1_000;
/** The conversations that become due in one tick are handled side by side, so that their queries are merged. */
const tickMs = 250;
const pageSize = 100;
const maxDue = 10_000;

export function createNotifier(deps: Deps): Notifier {
  const { conversations, messages, changes, log, onMessages, onChanges, updateDigests, onError } = deps;
  const queue = createKeyedQueue();
  /** The conversations that are due, by the time of their tick. */
  const ticks = new Map<number, NodeJS.Timeout>();
  const due = new Map<string, number>();
  let isStopped = false;

  /** Handles one page of a conversation; returns false if nothing is left. */
  async function step(conversationId: string): Promise<boolean> {
    await log.flushed();
    const row = await conversations.byId(conversationId);
    if (row?.state !== 'active') return false;
    // The numbers have no gap, so this is a page.
    const upTo = Math.min(row.seq, row.notifiedSeq + pageSize);
    const found = await messages.within({ conversationId, above: row.notifiedSeq, upTo });
    const records = await changes.within([{ conversationId, above: row.notifiedRev, upTo: row.rev }]);
    const changed = [...new Set(records.flatMap(({ messageId }) => (messageId ? [messageId] : [])))];
    for (const handle of onMessages) await handle(row, found);
    if (changed.length > 0) await onChanges(row, changed);
    await updateDigests(row, found);
    const isAll = upTo === row.seq;
    await conversations.raiseNotified(row, { seq: upTo, rev: row.rev }, isAll);
    return !isAll;
  }

  async function handleAll(conversationId: string): Promise<void> {
    while (await step(conversationId));
  }

  function wake({ conversationId }: { conversationId: string }): void {
    if (isStopped || due.has(conversationId)) return;
    const now = Date.now();
    const tick = Math.ceil((now + gatherMs) / tickMs) * tickMs;
    due.set(conversationId, tick);
    if (!ticks.has(tick)) ticks.set(tick, setTimeout(() => handleTick(tick), tick - now).unref());
  }

  function handleTick(tick: number): void {
    ticks.delete(tick);
    for (const [conversationId, at] of due) {
      if (at !== tick) continue;
      due.delete(conversationId);
      queue.run(conversationId, () => handleAll(conversationId)).catch(onError);
    }
  }

  return {
    wake,
    async wakeAll() {
      for (const conversationId of await conversations.dueToNotify(maxDue)) wake({ conversationId });
    },
    async stop() {
      isStopped = true;
      for (const timer of ticks.values()) clearTimeout(timer);
      ticks.clear();
      due.clear();
      await queue.idle();
    },
  };
}
