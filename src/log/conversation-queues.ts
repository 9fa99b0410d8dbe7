import { unavailable } from '../kernel/problem.js';
import { type Entry, type LogStream } from './entry.js';
import type { LogRow } from '../repositories/log-repository.js';
import { oldestOf } from '../repositories/log-repository.js';

export interface ConversationQueue<Row extends LogRow, Item extends Entry<Row>> {
  readonly conversationId: string;
  /** The last number in the store as far as this process knows; null if it must be read. */
  last: number | null;
  waiting: Item[];
  usedAt: number;
}

/** One queue per active conversation of this process: what waits, in order, and for which number. */
export interface ConversationQueues<Row extends LogRow, Item extends Entry<Row>> {
  /** Adds a row to the end of its queue; throws `unavailable` if the queue or the process has too many. */
  enqueue(entry: Item): void;
  /** Puts rows back at the head of their queues, in their order. */
  putBack(entries: readonly Item[]): void;
  /** The queues in which something waits. */
  busy(): ConversationQueue<Row, Item>[];
  of(conversationId: string): ConversationQueue<Row, Item>;
  /** Removes everything from a queue and returns it. */
  drop(queue: ConversationQueue<Row, Item>): Item[];
  /** Takes up to `limit` waiting rows from all queues, numbered from each queue's last number on. */
  take(limit: number): Item[];
  waiting(): number;
  /** The id time of the oldest row that waits. */
  oldest(): Date | null;
}

const queueLimit = 100;
const totalLimit = 1000;
const idleMs = 60_000;

/** Numbers the next rows of a queue; a row that is refused now leaves its number to the one behind it. */
function numbered<Row extends LogRow, Item extends Entry<Row>>(
  queue: ConversationQueue<Row, Item>,
  entries: readonly Item[],
  field: 'seq' | 'rev',
): Item[] {
  let number = queue.last ?? 0;
  return entries.filter((entry) => {
    const refused = entry.refusal();
    if (refused) {
      entry.reject(refused);
      return false;
    }
    const row: LogRow = entry.row;
    row[field] = ++number;
    return true;
  });
}

/** Holds the queues; those that were idle for a minute are dropped. */
function createRegister<Row extends LogRow, Item extends Entry<Row>>(now: () => number) {
  const queues = new Map<string, ConversationQueue<Row, Item>>();
  let cleanedAt = now();

  function dropIdle(at: number): void {
    if (at - cleanedAt < idleMs / 4) return;
    cleanedAt = at;
    for (const [id, queue] of queues) if (queue.waiting.length === 0 && at - queue.usedAt >= idleMs) queues.delete(id);
  }

  return {
    of(conversationId: string): ConversationQueue<Row, Item> {
      const at = now();
      dropIdle(at);
      const queue = queues.get(conversationId) ?? { conversationId, last: null, waiting: [], usedAt: at };
      queues.set(conversationId, queue);
      queue.usedAt = at;
      return queue;
    },
    busy: (): ConversationQueue<Row, Item>[] => [...queues.values()].filter((queue) => queue.waiting.length > 0),
  };
}

export function createConversationQueues<Row extends LogRow, Item extends Entry<Row>>(
  numberField: LogStream<Row>['numberField'],
  now: () => number = Date.now,
): ConversationQueues<Row, Item> {
  const { of, busy } = createRegister<Row, Item>(now);
  const queueOf = ({ row }: Item): ConversationQueue<Row, Item> => of(row.conversationId);
  let total = 0;

  return {
    of,
    busy,
    enqueue(entry) {
      const queue = queueOf(entry);
      if (queue.waiting.length >= queueLimit || total >= totalLimit) throw unavailable();
      queue.waiting.push(entry);
      total += 1;
    },
    putBack(entries) {
      for (const entry of [...entries].reverse()) queueOf(entry).waiting.unshift(entry);
      total += entries.length;
    },
    drop(queue) {
      total -= queue.waiting.length;
      return queue.waiting.splice(0);
    },
    take(limit) {
      const batch: Item[] = [];
      for (const queue of busy()) {
        if (queue.last === null) continue;
        const entries = queue.waiting.splice(0, limit - batch.length);
        total -= entries.length;
        queue.usedAt = now();
        batch.push(...numbered(queue, entries, numberField));
        if (batch.length >= limit) break;
      }
      return batch;
    },
    waiting: () => total,
    oldest: () => oldestOf(busy().flatMap((queue) => queue.waiting.map(({ row }) => row))),
  };
}

/** Recent removals from groups: the queued messages of a removed member are rejected when their turn comes. */
export interface Removals {
  /** The current moment: a user who is seen to be a member after it was not removed before it. */
  now(): number;
  /** Records that a user is not a member any more; null: that nobody is. */
  recordRemoval(conversationId: string, userId: string | null): void;
  /** Whether a user was removed after a moment. */
  isRemoved(conversationId: string, userId: string, since: number): boolean;
}

const keptMs = 60_000;

/** Removals are remembered for a minute; a queued message waits for seconds at most. */
export function createRemovals(): Removals {
  const left = new Map<string, number>();
  let count = 0;
  const keyOf = (conversationId: string, userId: string | null): string => `${conversationId} ${userId ?? '*'}`;
  return {
    now: () => count,
    recordRemoval(conversationId, userId) {
      const key = keyOf(conversationId, userId);
      const at = ++count;
      left.set(key, at);
      setTimeout(() => {
        if (left.get(key) === at) left.delete(key);
      }, keptMs).unref();
    },
    isRemoved: (conversationId, userId, since) =>
      [userId, null].some((one) => (left.get(keyOf(conversationId, one)) ?? -1) > since),
  };
}
