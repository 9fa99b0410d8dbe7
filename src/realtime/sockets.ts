/** The sockets of this process from admission on, including those in their handshake. */
import type { Socket } from 'socket.io';
import type { SessionEndReason } from '../domain-events.js';
import type { Actor } from '../kernel/actor.js';
import type { ClientToServerEvents, ServerToClientEvents } from '@causerie/contract/events';
import type { TokenClock } from './token-clock.js';
import type { Locale } from '@causerie/contract/problem-codes';

/** What the server knows of a socket. */
export interface SocketData {
  actor: Actor;
  locale: Locale;
  clock: TokenClock;
  expiresAt: Date;
  /** Why its session ended, if that happened during the handshake. */
  ended: SessionEndReason | null;
}

export type ClientSocket = Socket<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>;

export interface Sockets {
  add(socket: ClientSocket): void;
  remove(socket: ClientSocket): void;
  byId(socketId: string): ClientSocket | undefined;
  ofSession(sessionId: string): ClientSocket[];
  /** The number of sockets of a user. */
  countOf(userId: string): number;
  /** The sessions that have a socket here, and their users. */
  sessions(): Map<string, string>;
  size(): number;
}

export function createSockets(): Sockets {
  const all = new Map<string, ClientSocket>();
  const bySession = new Map<string, Set<ClientSocket>>();
  const byUser = new Map<string, number>();

  return {
    add(socket) {
      const { sessionId, userId } = socket.data.actor;
      all.set(socket.id, socket);
      bySession.set(sessionId, (bySession.get(sessionId) ?? new Set()).add(socket));
      byUser.set(userId, (byUser.get(userId) ?? 0) + 1);
    },
    remove(socket) {
      if (!all.delete(socket.id)) return;
      const { sessionId, userId } = socket.data.actor;
      const others = bySession.get(sessionId);
      others?.delete(socket);
      if (others?.size === 0) bySession.delete(sessionId);
      const left = (byUser.get(userId) ?? 1) - 1;
      if (left > 0) byUser.set(userId, left);
      else byUser.delete(userId);
    },
    byId: (socketId) => all.get(socketId),
    ofSession: (sessionId) => [...(bySession.get(sessionId) ?? [])],
    countOf: (userId) => byUser.get(userId) ?? 0,
    sessions: () => new Map([...all.values()].map(({ data: { actor } }) => [actor.sessionId, actor.userId])),
    size: () => all.size,
  };
}
