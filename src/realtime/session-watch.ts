import type { DomainEvents, SessionEndReason } from '../domain-events.js';
import type { EventBus } from '../kernel/event-bus.js';
import { every } from '../kernel/every.js';
import type { Sockets } from './sockets.js';

interface Deps {
  sockets: Sockets;
  sessions: {
    alive(sessionIds: readonly string[]): Promise<Set<string>>;
    endings(sessionIds: readonly string[]): Promise<Map<string, SessionEndReason>>;
  };
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  onError: (error: unknown) => void;
}

const everyMs = 500;

/**
 * Checks at intervals which of the connected sessions are still alive: another process, the command line or the clock may
 * have ended them. Returns a function that stops it.
 */
export function watchSessions({ sockets, sessions, bus, onError }: Deps): () => void {
  async function checkOnce(): Promise<void> {
    const connected = sockets.sessions();
    if (connected.size === 0) return;
    const alive = await sessions.alive([...connected.keys()]);
    const over = [...connected].filter(([sessionId]) => !alive.has(sessionId));
    if (over.length === 0) return;
    const endings = await sessions.endings(over.map(([sessionId]) => sessionId));
    for (const [sessionId, userId] of over) {
      bus.publish('session.revoked', { userId, sessionId, reason: endings.get(sessionId) ?? 'expired' });
    }
  }

  return every(everyMs, checkOnce, onError);
}
