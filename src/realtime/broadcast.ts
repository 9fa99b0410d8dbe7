/** The only file that tells clients something: every fact has its audience here. */
import type { Server } from 'socket.io';
import type { DomainEvents, SessionEndReason } from '../domain-events.js';
import type { ClientToServerEvents, ServerToClientEvents } from '@causerie/contract/events';
import { groupRoom, sessionRoom, userRoom } from './rooms.js';
import type { SocketData } from './sockets.js';

export type RealtimeServer = Server<ClientToServerEvents, ServerToClientEvents, Record<string, never>, SocketData>;

/** What a fact needs beside itself to be told. */
export interface Audience {
  /** Those who share a conversation with somebody and have a socket here. */
  companionsOf(userId: string): Promise<string[]>;
  /** Closes sockets whose session, or token, is over. */
  close(which: { sessionId: string } | { socketId: string }, reason: SessionEndReason): void;
}

/** One teller for each fact: a fact without one does not compile. */
export type Broadcast = { [Name in keyof DomainEvents]: (event: DomainEvents[Name]) => void | Promise<void> };

/** Each member is shown the list without himself and whom he may not see, and only when that list is another one. */
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

/** Everybody who can see a message is told of it, each as he sees it: its state, and what it quotes. */
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

/** The tellers of what changes in groups: who comes in hears from then on, who goes hears nothing more. */
function groupTellers(io: RealtimeServer): Pick<Broadcast, GroupEvent> {
  return {
    'membership.begun': ({ conversationId, userIds }) => {
      io.in(userIds.map(userRoom)).socketsJoin(groupRoom(conversationId));
    },
    'membership.ended': ({ conversationId, userId, reason }) => {
      io.in(userRoom(userId)).socketsLeave(groupRoom(conversationId));
      io.to(userRoom(userId)).emit('conversation:removed', { conversationId, reason });
    },
    'members.added': (publisher) => {
      io.to(groupRoom(publisher.conversationId)).emit('member:added', publisher);
    },
    'member.updated': (publisher) => {
      io.to(groupRoom(publisher.conversationId)).emit('member:updated', publisher);
    },
    'member.removed': (publisher) => {
      io.to(groupRoom(publisher.conversationId)).emit('member:removed', publisher);
    },
    'conversation.updated': ({ userId, ...publisher }) => {
      io.to(userId === undefined ? groupRoom(publisher.conversationId) : userRoom(userId)).emit(
        'conversation:updated',
        publisher,
      );
    },
  };
}

/** The tellers of notifications, each to the devices of its owner. */
function notificationTellers(
  io: RealtimeServer,
): Pick<Broadcast, 'notification.created' | 'notification.updated' | 'notification.removed'> {
  return {
    'notification.created': ({ userId, ...publisher }) => {
      io.to(userRoom(userId)).emit('notification:created', publisher);
    },
    'notification.updated': ({ userId, ...publisher }) => {
      io.to(userRoom(userId)).emit('notification:updated', publisher);
    },
    'notification.removed': ({ userId, ...publisher }) => {
      io.to(userRoom(userId)).emit('notification:removed', publisher);
    },
  };
}

/** The tellers of what ends sockets. */
function sessionTellers(
  io: RealtimeServer,
  close: Audience['close'],
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

/** Builds the tellers over the sockets of this process. */
export function createBroadcast(io: RealtimeServer, { companionsOf, close }: Audience): Broadcast {
  /** Everybody in these rooms, each once, but for the socket that asked for the change. */
  function to(rooms: string[], originSocketId?: string): ReturnType<RealtimeServer['to']> {
    const audience = io.to(rooms);
    return originSocketId === undefined ? audience : audience.except(originSocketId);
  }

  return {
    'message.created': (event) => emitMessage(io, 'message:created', event, []),
    'message.updated': (event) => {
      const { conversationId, message, cannotSeeIds, originSocketId } = event;
      emitMessage(io, 'message:updated', event, cannotSeeIds);
      if (cannotSeeIds.length === 0) return;
      to(cannotSeeIds.map(userRoom), originSocketId).emit('change:skipped', { conversationId, rev: message.rev });
    },
    'message.hidden': ({ userId, originSocketId, ...hidden }) => {
      to([userRoom(userId)], originSocketId).emit('message:hidden', hidden);
    },
    'conversation.created': ({ userId, conversation, originSocketId }) => {
      to([userRoom(userId)], originSocketId).emit('conversation:created', { conversation });
    },
    'conversation.removed': ({ userId, conversationId, reason, originSocketId }) => {
      to([userRoom(userId)], originSocketId).emit('conversation:removed', { conversationId, reason });
    },
    'conversation.settings': ({ userId, originSocketId, ...state }) => {
      to([userRoom(userId)], originSocketId).emit('settings:updated', state);
    },
    'receipt.updated': ({ toUserIds, except, ...receipt }) => {
      const others = io.to(toUserIds?.map(userRoom) ?? groupRoom(receipt.conversationId));
      others.except(except.map(({ userId }) => userRoom(userId))).emit('receipt:updated', receipt);
      for (const { userId, readSeq } of except)
        io.to(userRoom(userId)).emit('receipt:updated', { ...receipt, readSeq });
    },
    ...groupTellers(io),
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
    ...notificationTellers(io),
    'presence.veiled': () => undefined,
    'contact.severed': () => undefined,
    'contact.updated': ({ ownerId, ...publisher }) => {
      io.to(userRoom(ownerId)).emit('contact:updated', publisher);
    },
    'settings.updated': ({ userId, me }) => {
      io.to(userRoom(userId)).emit('settings:updated', { me });
    },
    ...sessionTellers(io, close),
    'server.stopping': ({ retryAfterMs }) => {
      io.emit('server:stopping', { retryAfterMs });
    },
  };
}
