import { setTimeout as wait } from 'node:timers/promises';

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

interface DrainDeps {
  log: { drained(): Promise<void> };
  inFlight: { drained(): Promise<void> };
  /** Whether other processes may write. */
  isShared: boolean;
}

/** How long another process may take to write what it had allowed before a removal. */
const otherProcessesMs = 1000;

/** Creates the wait of removals, blocks and deletions: when it ends, everything that was allowed before it is written or rejected. */
export function createDrain({ log, inFlight, isShared }: DrainDeps): () => Promise<void> {
  return async function drained() {
    await Promise.all([log.drained(), inFlight.drained()]);
    if (isShared) await wait(otherProcessesMs);
  };
}
