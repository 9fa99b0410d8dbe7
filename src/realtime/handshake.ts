/** The handshake: admission and rooms, everything that happens before a client is connected. */
import { randomUUID } from 'node:crypto';
import type { DomainEvents } from '../domain-events.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Limits } from '../kernel/limits.js';
import { withTimeout } from '../kernel/timeouts.js';
import { Problem } from '../kernel/problem.js';
import { localeOf, problemDocument } from '../kernel/problem-document.js';
import type { Authenticate } from '../middleware/auth.js';
import { groupRoom, sessionRoom, userRoom } from './broadcast.js';
import type { ClientSocket, Sockets } from './sockets.js';
import { createTokenClock } from './token-clock.js';

interface Deps {
  sockets: Sockets;
  authenticate: Authenticate;
  /** The ids of the groups of a user. */
  groupRoomsOf(userId: string): Promise<string[]>;
  limits: Pick<Limits, 'spend'>;
  toProblem: (error: unknown) => Problem;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  /** False if RATE_LIMIT_FACTOR is 0. */
  isLimited: boolean;
}

/** The maximum number of sockets per user. */
const maxSockets = 20;
const retryAfterMs = 5_000;

/** The rejection of a handshake as Socket.IO carries it: the problem document in `data`. */
class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(readonly data: ReturnType<typeof problemDocument>) {
    super(data.title);
  }
}

function tokenOf(socket: ClientSocket): string {
  const token: unknown = socket.handshake.auth['token'];
  if (typeof token !== 'string') throw new Problem('unauthenticated');
  return token;
}

export function createHandshake(deps: Deps): (socket: ClientSocket, next: (error?: Error) => void) => void {
  const { sockets, authenticate, groupRoomsOf, limits, toProblem, bus, isLimited } = deps;

  /** Authenticates; from here on the socket receives the end of its session. */
  async function identify(socket: ClientSocket, token: string): Promise<void> {
    const { actor, expiresAt } = await authenticate(token);
    if (isLimited && sockets.countOf(actor.userId) >= maxSockets) throw new Problem('rate_limited', { retryAfterMs });
    const locale = localeOf(socket.handshake.headers['accept-language']);
    const clock = createTokenClock(socket.id, bus);
    socket.data = { actor: { ...actor, socketId: socket.id }, locale, clock, expiresAt, ended: null };
    sockets.add(socket);
  }

  /** Joins rooms before and after reading memberships, so that a change in between is seen. */
  async function joinRooms(socket: ClientSocket, token: string): Promise<void> {
    const { userId, sessionId } = socket.data.actor;
    await socket.join([userRoom(userId), sessionRoom(sessionId)]);
    await authenticate(token);
    const joined = await groupRoomsOf(userId);
    await socket.join(joined.map(groupRoom));
    await authenticate(token);
    const now = new Set(await groupRoomsOf(userId));
    for (const id of joined) if (!now.has(id)) await socket.leave(groupRoom(id));
    await socket.join([...now].map(groupRoom));
    if (socket.data.ended !== null) throw new Problem('session_revoked');
  }

  /** A rejected handshake counts against its address, which makes guessing tokens slow. */
  function refusalOf(socket: ClientSocket, error: unknown): Refusal {
    let problem = toProblem(error);
    try {
      if (problem.status === 401) limits.spend('other', `handshake ${socket.handshake.address}`);
    } catch (tooMany) {
      problem = toProblem(tooMany);
    }
    const locale = localeOf(socket.handshake.headers['accept-language']);
    return new Refusal(problemDocument(problem, locale, randomUUID()));
  }

  async function admit(socket: ClientSocket): Promise<void> {
    const token = tokenOf(socket);
    await identify(socket, token);
    try {
      await joinRooms(socket, token);
    } catch (error) {
      sockets.remove(socket);
      throw error;
    }
  }

  return (socket, next) => {
    withTimeout(admit(socket)).then(
      () => next(),
      (error: unknown) => next(refusalOf(socket, error)),
    );
  };
}
