/** Who has left which group lately: what he had on its way is refused when its turn comes. */
export interface Removals {
  /** A moment: whoever is seen to be a member after it has not left before it. */
  now(): number;
  /** Somebody is no member any more; null: nobody is. */
  recordRemoval(conversationId: string, userId: string | null): void;
  /** Whether somebody has left after a moment. */
  isRemoved(conversationId: string, userId: string, since: number): boolean;
}

const keptMs = 60_000;

/** Gives the memory of one process; what is on its way is so for seconds, and a departure is kept for a minute. */
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
