/** The only file that emits to clients: every domain event has its audience here. */
import type { Server } from 'socket.io';
import type { DomainEvents, SessionEndReason } from '../domain-events.js';
import type { ClientToServerEvents, ServerToClientEvents } from '@causerie/contract/events';
import type { SocketData } from './sockets.js';

export type RealtimeServer = Server<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>;

// The names of rooms. Clients never name one.

/** All devices of a user. */
export const userRoom = (userId: string): string => `user:${userId}`;

/** All sockets of one session. */
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`;

/** All connected members of a group. */
export const groupRoom = (conversationId: string): string => `group:${conversationId}`;

/** What the audiences need beyond the domain event itself. */
export interface BroadcastDeps {
  /** The ids of users who share a conversation with a user and have a socket in this process. */
  companionsOf(userId: string): Promise<string[]>;
  /** Closes the sockets of a session that ended, or one socket whose token expired. */
  close(which: { sessionId: string } | { socketId: string }, reason: SessionEndReason): void;
}

/** One emitter for each domain event: without one this does not compile. */
export type Broadcast = { [Name in keyof DomainEvents]: (event: DomainEvents[Name]) => void | Promise<void> };

/** Each member gets the list without themselves and those they may not see, and only if that list has changed. */
function emitTyping(io: RealtimeServer, event: DomainEvents['typing.updated']): void {
  const { conversationId, type, userIds, before, typists, hiddenFrom } = event;
  const all = [...new Set([...before, ...typists])];
  const cannotSeeIds = all.flatMap((typist) => hiddenFrom.get(typist) ?? []);
  const concerned = type === 'direct' ? userIds : [...new Set([...all, ...cannotSeeIds])];
  for (const userId of concerned) {
    const shownOf = (list: readonly string[]): string[] =>
      list.filter((typist) => typist !== userId && !hiddenFrom.get(typist)?.includes(userId));
    const list = shownOf(typists);
    if (list.join() === shownOf(before).join()) continue;
    io.to(userRoom(userId)).emit('typing:updated', { conversationId, userIds: list });
  }
  if (type === 'direct') return;
  const others = io.to(groupRoom(conversationId)).except(concerned.map(userRoom));
  others.emit('typing:updated', { conversationId, userIds: [...typists] });
}

/** Emits a message to everybody who can see it, as each of them sees it: its state, and the quoted message. */
function emitMessage(
  io: RealtimeServer,
  event: 'message:created' | 'message:updated',
  {
    conversationId,
    type,
    userIds,
    cannotSeeQuoteIds,
    message,
    authorId,
    senderState,
    originSocketId,
  }: DomainEvents['message.created'],
  cannotSeeIds: readonly string[],
): void {
  const { replyTo } = message;
  const redacted = { ...message, replyTo: replyTo && { ...replyTo, excerpt: '' } };
  const shownTo = (userId: string): typeof message => (cannotSeeQuoteIds.includes(userId) ? redacted : message);
  const rooms = type === 'group' ? [groupRoom(conversationId)] : userIds.map(userRoom);
  const except = [...cannotSeeIds, ...cannotSeeQuoteIds, ...(authorId === null ? [] : [authorId])].map(userRoom);
  const others = rooms.filter((room) => !except.includes(room));
  const asking = originSocketId === undefined ? [] : [originSocketId];
  if (others.length > 0)
    io.to(others)
      .except([...except, ...asking])
      .emit(event, { message });
  const recipients = cannotSeeQuoteIds.filter((userId) => userId !== authorId && !cannotSeeIds.includes(userId));
  for (const userId of recipients) io.to(userRoom(userId)).except(asking).emit(event, { message: redacted });
  if (authorId === null || cannotSeeIds.includes(authorId)) return;
  const senderView = { ...shownTo(authorId), state: senderState };
  io.to(userRoom(authorId)).except(asking).emit(event, { message: senderView });
}

type GroupEvent =
  | 'membership.begun'
  | 'membership.ended'
  | 'members.added'
  | 'member.updated'
  | 'member.removed'
  | 'conversation.updated';

/** Changes in groups: new members join the room from then on, removed members leave it before anything else is emitted. */
function groupEmitters(io: RealtimeServer): Pick<Broadcast, GroupEvent> {
  return {
    'membership.begun': ({ conversationId, userIds }) => {
      io.in(userIds.map(userRoom)).socketsJoin(groupRoom(conversationId));
    },
    'membership.ended': ({ conversationId, userId, reason }) => {
      io.in(userRoom(userId)).socketsLeave(groupRoom(conversationId));
      io.to(userRoom(userId)).emit('conversation:removed', { conversationId, reason });
    },
    'members.added': (payload) => {
      io.to(groupRoom(payload.conversationId)).emit('member:added', payload);
    },
    'member.updated': (payload) => {
      io.to(groupRoom(payload.conversationId)).emit('member:updated', payload);
    },
    'member.removed': (payload) => {
      io.to(groupRoom(payload.conversationId)).emit('member:removed', payload);
    },
    'conversation.updated': ({ userId, ...payload }) => {
      io.to(userId === undefined ? groupRoom(payload.conversationId) : userRoom(userId)).emit(
        'conversation:updated',
        payload,
      );
    },
  };
}

/** Notifications, to the devices of their reader. */
function notificationEmitters(
  io: RealtimeServer,
): Pick<Broadcast, 'notification.created' | 'notification.updated' | 'notification.removed'> {
  return {
    'notification.created': ({ userId, ...payload }) => {
      io.to(userRoom(userId)).emit('notification:created', payload);
    },
    'notification.updated': ({ userId, ...payload }) => {
      io.to(userRoom(userId)).emit('notification:updated', payload);
    },
    'notification.removed': ({ userId, ...payload }) => {
      io.to(userRoom(userId)).emit('notification:removed', payload);
    },
  };
}

/** Events that end sockets. */
function sessionEmitters(
  io: RealtimeServer,
  close: BroadcastDeps['close'],
): Pick<Broadcast, 'session.expiring' | 'session.expired' | 'session.revoked'> {
  return {
    'session.expiring': ({ socketId, expiresAt }) => {
      io.to(socketId).emit('session:expiring', { expiresAt: expiresAt.toISOString() });
    },
    'session.expired': ({ socketId }) => {
      io.to(socketId).emit('session:revoked', { reason: 'expired' });
      close({ socketId }, 'expired');
    },
    'session.revoked': ({ sessionId, reason }) => {
      io.to(sessionRoom(sessionId)).emit('session:revoked', { reason });
      close({ sessionId }, reason);
    },
  };
}

/** Every socket in these rooms, once each, except the one that asked for the change. */
function roomsExcept(io: RealtimeServer, rooms: string[], originSocketId?: string): ReturnType<RealtimeServer['to']> {
  const audience = io.to(rooms);
  return originSocketId === undefined ? audience : audience.except(originSocketId);
}

type ConversationEvent =
  | 'message.created'
  | 'message.updated'
  | 'message.hidden'
  | 'conversation.created'
  | 'conversation.removed'
  | 'conversation.settings'
  | 'receipt.updated';

/** Messages, and what each member sees of a conversation. */
function conversationEmitters(io: RealtimeServer): Pick<Broadcast, ConversationEvent> {
  return {
    'message.created': (event) => emitMessage(io, 'message:created', event, []),
    'message.updated': (event) => {
      const { conversationId, message, cannotSeeIds, originSocketId } = event;
      emitMessage(io, 'message:updated', event, cannotSeeIds);
      if (cannotSeeIds.length === 0) return;
      roomsExcept(io, cannotSeeIds.map(userRoom), originSocketId).emit('change:skipped', {
        conversationId,
        rev: message.rev,
      });
    },
    'message.hidden': ({ userId, originSocketId, ...hidden }) => {
      roomsExcept(io, [userRoom(userId)], originSocketId).emit('message:hidden', hidden);
    },
    'conversation.created': ({ userId, conversation, originSocketId }) => {
      roomsExcept(io, [userRoom(userId)], originSocketId).emit('conversation:created', { conversation });
    },
    'conversation.removed': ({ userId, conversationId, reason, originSocketId }) => {
      roomsExcept(io, [userRoom(userId)], originSocketId).emit('conversation:removed', { conversationId, reason });
    },
    'conversation.settings': ({ userId, originSocketId, ...state }) => {
      roomsExcept(io, [userRoom(userId)], originSocketId).emit('settings:updated', state);
    },
    'receipt.updated': ({ toUserIds, except, ...receipt }) => {
      const others = io.to(toUserIds?.map(userRoom) ?? groupRoom(receipt.conversationId));
      others.except(except.map(({ userId }) => userRoom(userId))).emit('receipt:updated', receipt);
      for (const { userId, readSeq } of except)
        io.to(userRoom(userId)).emit('receipt:updated', { ...receipt, readSeq });
    },
  };
}

/** Creates the emitters over the sockets of this process. */
export function createBroadcast(io: RealtimeServer, { companionsOf, close }: BroadcastDeps): Broadcast {
  return {
    ...conversationEmitters(io),
    ...groupEmitters(io),
    'typing.updated': (event) => emitTyping(io, event),
    'presence.updated': ({ socketId, ...payload }) => {
      io.to(socketId).emit('presence:updated', payload);
    },
    'user.updated': async ({ user, cannotSeeIds }) => {
      const people = [...new Set([user.id, ...(await companionsOf(user.id))])];
      const [cannotSee, others] = [
        people.filter((id) => cannotSeeIds.includes(id)),
        people.filter((id) => !cannotSeeIds.includes(id)),
      ];
      io.to(others.map(userRoom)).emit('user:updated', { user });
      if (cannotSee.length > 0)
        io.to(cannotSee.map(userRoom)).emit('user:updated', { user: { ...user, status: null } });
    },
    'conversation.read': () => undefined,
    ...notificationEmitters(io),
    'presence.redacted': () => undefined,
    'contact.severed': () => undefined,
    'contact.updated': ({ ownerId, ...payload }) => {
      io.to(userRoom(ownerId)).emit('contact:updated', payload);
    },
    'settings.updated': ({ userId, me }) => {
      io.to(userRoom(userId)).emit('settings:updated', { me });
    },
    ...sessionEmitters(io, close),
    'server.stopping': ({ retryAfterMs }) => {
      io.emit('server:stopping', { retryAfterMs });
    },
  };
}
