/** The realtime transport: the handshake, the requests of clients, and the events of the server. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { Server } from 'socket.io';
import type { DomainEvents } from '../domain-events.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Limits } from '../kernel/limits.js';
import type { Logger } from '../kernel/logger.js';
import { Problem } from '../kernel/problem.js';
import type { Authenticate } from '../middleware/auth.js';
import { isOriginAllowed, securityHeaders } from '../middleware/security.js';
import { type BroadcastDeps, type Broadcast, createBroadcast, type RealtimeServer } from './broadcast.js';
import type { SocketHandlers } from '../kernel/socket-handler.js';
import { createHandshake } from './handshake.js';
import { watchMemberships } from './membership-watch.js';
import type { ConnectedUsers } from './presence.js';
import { createRequests } from './requests.js';
import { watchSessions } from './session-watch.js';
import { type ClientSocket, createSockets, type Sockets } from './sockets.js';

interface Deps {
  bus: EventBus<DomainEvents>;
  authenticate: Authenticate;
  sessions: Parameters<typeof watchSessions>[0]['sessions'];
  conversations: {
    groupRoomsOf(userId: string): Promise<string[]>;
    groupsOf(userIds: readonly string[]): Promise<Map<string, Set<string>>>;
  } & Pick<BroadcastDeps, 'companionsOf'>;
  presence: ConnectedUsers;
  users: { recordLastSeen(userId: string, at: Date): Promise<void> };
  limits: Limits;
  logger: Logger;
  toProblem: (error: unknown) => Problem;
  observe: (event: string, outcome: string, seconds: number) => void;
  /** Called when a socket has disconnected. */
  typing: { disconnected(socketId: string): void };
  presenceSubscriptions: { disconnected(socketId: string): void };
  handlers: Omit<SocketHandlers, 'session:renew'>;
  /** `isShared`: other processes may change memberships. */
  settings: { corsOrigins: readonly string[]; isLimited: boolean; isShared: boolean };
}

export interface Realtime {
  broadcast: Broadcast;
  sockets: Pick<Sockets, 'size'>;
  /** The number of rooms with at least one socket. */
  rooms(): number;
  /** Attaches to an HTTP server. */
  attach(http: HttpServer): void;
  /** Finishes requests in progress and rejects new ones, then closes every socket and the HTTP server. */
  stop(): Promise<void>;
}

const maxPacket = 300_000;

/** Every response of Engine.IO, rejections included, carries the security headers of all others. */
function headersOf(): (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void {
  const secure = securityHeaders();
  return (req, res, next) => {
    res.setHeader('X-Request-Id', randomUUID());
    res.setHeader('Cache-Control', 'no-store');
    secure(req, res, next);
  };
}

function createIo(origins: readonly string[]): RealtimeServer {
  return new Server({
    serveClient: false,
    maxHttpBufferSize: maxPacket,
    connectTimeout: 5_000,
    pingInterval: 8_000,
    pingTimeout: 6_000,
    perMessageDeflate: false,
    httpCompression: false,
    cors: { origin: [...origins], methods: ['GET', 'POST'], credentials: false },
    // The CORS setting above covers polling; a websocket is rejected here.
    allowRequest: (req: IncomingMessage, answer) => {
      const isAllowed = isOriginAllowed(req.headers.origin, { host: req.headers.host, origins });
      answer(isAllowed ? null : 'This origin is not among CORS_ORIGINS', isAllowed);
    },
  });
}

/** Closes the sockets of a session or of one token; those in their handshake are closed once they connect. */
function closer(sockets: Sockets): BroadcastDeps['close'] {
  return (which, reason) => {
    const single = 'socketId' in which ? sockets.byId(which.socketId) : undefined;
    const meant = 'sessionId' in which ? sockets.ofSession(which.sessionId) : single ? [single] : [];
    for (const socket of meant) {
      socket.data.ended ??= reason;
      if (socket.connected) socket.disconnect(true);
    }
  };
}

/** A socket stays open with a new access token of the same session, and of no other. */
function renewal(sockets: Sockets, authenticate: Authenticate): SocketHandlers['session:renew'] {
  return async (actor, { accessToken }) => {
    const { actor: bearer, expiresAt } = await authenticate(accessToken);
    const socket = actor.socketId === undefined ? undefined : sockets.byId(actor.socketId);
    if (!socket || bearer.sessionId !== actor.sessionId) throw new Problem('unauthenticated');
    socket.data.clock.set(expiresAt);
    return { expiresAt: expiresAt.toISOString() };
  };
}

export function createRealtime(deps: Deps): Realtime {
  const { authenticate, presence, logger, settings } = deps;
  const io = createIo(settings.corsOrigins);
  const sockets = createSockets();
  const requests = createRequests(deps);
  const table = { ...deps.handlers, 'session:renew': renewal(sockets, authenticate) };
  const onError = (error: unknown): void => logger.warn({ err: error }, 'socket maintenance failed; retrying');
  const watches = [watchSessions({ ...deps, sockets, onError })];
  if (settings.isShared) watches.push(watchMemberships({ sockets, groupsOf: deps.conversations.groupsOf, onError }));

  function leave(socket: ClientSocket, wasSilent: boolean): void {
    const { actor, clock } = socket.data;
    clock.stop();
    sockets.remove(socket);
    deps.typing.disconnected(socket.id);
    deps.presenceSubscriptions.disconnected(socket.id);
    const at = presence.disconnected(actor.userId, wasSilent);
    if (at) deps.users.recordLastSeen(actor.userId, at).catch(onError);
  }

  function greet(socket: ClientSocket): void {
    const { data } = socket;
    presence.connected(data.actor.userId);
    socket.on('disconnect', (reason) => leave(socket, reason === 'ping timeout'));
    if (data.ended !== null) {
      socket.emit('session:revoked', { reason: data.ended });
      socket.disconnect(true);
      return;
    }
    data.clock.set(data.expiresAt);
    socket.onAny((...packet: unknown[]) => void requests.answer(data, table, packet));
  }

  io.use(createHandshake({ ...deps, ...deps.conversations, sockets, isLimited: settings.isLimited }));
  io.on('connection', greet);

  return {
    broadcast: createBroadcast(io, { companionsOf: deps.conversations.companionsOf, close: closer(sockets) }),
    sockets,
    rooms: () => io.sockets.adapter.rooms.size,
    attach(http) {
      io.attach(http);
      io.engine.use(headersOf());
    },
    async stop() {
      for (const stopWatches of watches) stopWatches();
      await requests.stop();
      await io.close();
    },
  };
}
