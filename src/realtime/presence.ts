/** The users who are connected to this process. */
export interface ConnectedUsers {
  of(userId: string): { online: boolean; lastSeenAt: Date | null };
  /** The ids of all users who have a socket here, or had one a moment ago. */
  online(): string[];
  /** The number of sockets of a user. */
  count(userId: string): number;
  connected(userId: string): void;
  /**
   * The time when the user's last socket disconnected; null while there is another one. The user stays online for a grace
   * period in which they may reconnect unnoticed: a short one if the silence of the socket was already waited for.
   */
  disconnected(userId: string, wasSilent: boolean): Date | null;
  /** Calls back for each user who has come online or gone offline. */
  onChange(listener: (userId: string) => void): void;
}

const remembered = 10_000;
/** Together with the 14 s after which a silent socket is given up, at most 15 s. */
const graceMs = 5_000;
const graceOfSilentMs = 500;

/** Counts sockets by user, and remembers when the last one of a user disconnected. */
export function createPresence(): ConnectedUsers {
  const sockets = new Map<string, number>();
  const leaving = new Map<string, NodeJS.Timeout>();
  const lastSeen = new Map<string, Date>();
  const listeners: ((userId: string) => void)[] = [];

  const isOnline = (userId: string): boolean => sockets.has(userId) || leaving.has(userId);

  function notify(userId: string): void {
    for (const listener of listeners) listener(userId);
  }

  function remember(userId: string, at: Date): void {
    lastSeen.delete(userId);
    lastSeen.set(userId, at);
    for (const [oldest] of lastSeen) {
      if (lastSeen.size <= remembered) break;
      lastSeen.delete(oldest);
    }
  }

  return {
    of: (userId) => ({
      online: isOnline(userId),
      lastSeenAt: isOnline(userId) ? null : (lastSeen.get(userId) ?? null),
    }),
    online: () => [...new Set([...sockets.keys(), ...leaving.keys()])],
    count: (userId) => sockets.get(userId) ?? 0,
    onChange: (listener) => void listeners.push(listener),
    connected(userId) {
      const wasOnline = isOnline(userId);
      clearTimeout(leaving.get(userId));
      leaving.delete(userId);
      sockets.set(userId, (sockets.get(userId) ?? 0) + 1);
      if (!wasOnline) notify(userId);
    },
    disconnected(userId, wasSilent) {
      const left = (sockets.get(userId) ?? 1) - 1;
      if (left > 0) {
        sockets.set(userId, left);
        return null;
      }
      sockets.delete(userId);
      const at = new Date();
      const end = (): void => {
        leaving.delete(userId);
        remember(userId, at);
        notify(userId);
      };
      leaving.set(userId, setTimeout(end, wasSilent ? graceOfSilentMs : graceMs).unref());
      return at;
    },
  };
}
