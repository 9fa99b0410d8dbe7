/** Who is connected to this process. */
export interface Presence {
  of(userId: string): { online: boolean; lastSeenAt: Date | null };
  /** Everybody who has a socket here. */
  online(): string[];
  /** How many sockets a person has here. */
  count(userId: string): number;
  came(userId: string): void;
  /** Gives the time when the last socket of the person went; null while there is another. */
  went(userId: string): Date | null;
}

const remembered = 10_000;

/** Counts sockets by person, and remembers for those who went last when that was. */
export function createPresence(): Presence {
  const sockets = new Map<string, number>();
  const lastSeen = new Map<string, Date>();

  return {
    of: (userId) => ({ online: sockets.has(userId), lastSeenAt: lastSeen.get(userId) ?? null }),
    online: () => [...sockets.keys()],
    count: (userId) => sockets.get(userId) ?? 0,
    came(userId) {
      sockets.set(userId, (sockets.get(userId) ?? 0) + 1);
      lastSeen.delete(userId);
    },
    went(userId) {
      const left = (sockets.get(userId) ?? 1) - 1;
      if (left > 0) {
        sockets.set(userId, left);
        return null;
      }
      sockets.delete(userId);
      const at = new Date();
      lastSeen.set(userId, at);
      for (const [oldest] of lastSeen) {
        if (lastSeen.size <= remembered) break;
        lastSeen.delete(oldest);
      }
      return at;
    },
  };
}
