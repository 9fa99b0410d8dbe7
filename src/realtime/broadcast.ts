/** The only file that tells clients something: every fact has its audience here. */
import type { Server } from 'socket.io';
import type { Facts, SessionEndReason } from '../facts.js';
import type { ClientToServerEvents, ServerToClientEvents } from './contract.js';
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
export type Broadcast = { [Name in keyof Facts]: (fact: Facts[Name]) => void | Promise<void> };

/** Each member is shown the list without himself and whom he may not see, and only when that list is another one. */
function tellTyping(io: RealtimeServer, fact: Facts['typing.updated']): void {
  const { conversationId, type, userIds, before, typists, blindTo } = fact;
  const all = [...new Set([...before, ...typists])];
  const blindIds = all.flatMap((typist) => blindTo.get(typist) ?? []);
  const concerned = type === 'direct' ? userIds : [...new Set([...all, ...blindIds])];
  for (const userId of concerned) {
    const shownOf = (list: readonly string[]): string[] =>
      list.filter((typist) => typist !== userId && !blindTo.get(typist)?.includes(userId));
    const list = shownOf(typists);
    if (list.join() === shownOf(before).join()) continue;
    io.to(userRoom(userId)).emit('typing:updated', { conversationId, userIds: list });
  }
  if (type === 'direct') return;
  const others = io.to(groupRoom(conversationId)).except(concerned.map(userRoom));
  others.emit('typing:updated', { conversationId, userIds: [...typists] });
}

/** Everybody who can see a message is told of it, each as he sees it: its state, and what it quotes. */
function tellMessage(
  io: RealtimeServer,
  event: 'message:created' | 'message:updated',
  {
    conversationId,
    type,
    userIds,
    quoteBlindIds,
    message,
    authorId,
    senderState,
    originSocketId,
  }: Facts['message.created'],
  blindIds: readonly string[],
): void {
  const { replyTo } = message;
  const veiled = { ...message, replyTo: replyTo && { ...replyTo, excerpt: '' } };
  const shownTo = (userId: string): typeof message => (quoteBlindIds.includes(userId) ? veiled : message);
  const rooms = type === 'group' ? [groupRoom(conversationId)] : userIds.map(userRoom);
  const apart = [...blindIds, ...quoteBlindIds, ...(authorId === null ? [] : [authorId])].map(userRoom);
  const others = rooms.filter((room) => !apart.includes(room));
  const asking = originSocketId === undefined ? [] : [originSocketId];
  if (others.length > 0)
    io.to(others)
      .except([...apart, ...asking])
      .emit(event, { message });
  const told = quoteBlindIds.filter((userId) => userId !== authorId && !blindIds.includes(userId));
  for (const userId of told) io.to(userRoom(userId)).except(asking).emit(event, { message: veiled });
  if (authorId === null || blindIds.includes(authorId)) return;
  const own = { ...shownTo(authorId), state: senderState };
  io.to(userRoom(authorId)).except(asking).emit(event, { message: own });
}

type GroupFact =
  | 'membership.begun'
  | 'membership.ended'
  | 'members.added'
  | 'member.updated'
  | 'member.removed'
  | 'conversation.updated';

/** The tellers of what changes in groups: who comes in hears from then on, who goes hears nothing more. */
function groupTellers(io: RealtimeServer): Pick<Broadcast, GroupFact> {
  return {
    'membership.begun': ({ conversationId, userIds }) => {
      io.in(userIds.map(userRoom)).socketsJoin(groupRoom(conversationId));
    },
    'membership.ended': ({ conversationId, userId, reason }) => {
      io.in(userRoom(userId)).socketsLeave(groupRoom(conversationId));
      io.to(userRoom(userId)).emit('conversation:removed', { conversationId, reason });
    },
    'members.added': (news) => {
      io.to(groupRoom(news.conversationId)).emit('member:added', news);
    },
    'member.updated': (news) => {
      io.to(groupRoom(news.conversationId)).emit('member:updated', news);
    },
    'member.removed': (news) => {
      io.to(groupRoom(news.conversationId)).emit('member:removed', news);
    },
    'conversation.updated': ({ userId, ...news }) => {
      io.to(userId === undefined ? groupRoom(news.conversationId) : userRoom(userId)).emit(
        'conversation:updated',
        news,
      );
    },
  };
}

/** The tellers of notifications, each to the devices of its owner. */
function notificationTellers(
  io: RealtimeServer,
): Pick<Broadcast, 'notification.created' | 'notification.updated' | 'notification.removed'> {
  return {
    'notification.created': ({ userId, ...news }) => {
      io.to(userRoom(userId)).emit('notification:created', news);
    },
    'notification.updated': ({ userId, ...news }) => {
      io.to(userRoom(userId)).emit('notification:updated', news);
    },
    'notification.removed': ({ userId, ...news }) => {
      io.to(userRoom(userId)).emit('notification:removed', news);
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
    'message.created': (fact) => tellMessage(io, 'message:created', fact, []),
    'message.updated': (fact) => {
      const { conversationId, message, blindIds, originSocketId } = fact;
      tellMessage(io, 'message:updated', fact, blindIds);
      if (blindIds.length === 0) return;
      to(blindIds.map(userRoom), originSocketId).emit('change:skipped', { conversationId, rev: message.rev });
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
    'receipt.updated': ({ toUserIds, apart, ...receipt }) => {
      const others = io.to(toUserIds?.map(userRoom) ?? groupRoom(receipt.conversationId));
      others.except(apart.map(({ userId }) => userRoom(userId))).emit('receipt:updated', receipt);
      for (const { userId, readSeq } of apart) io.to(userRoom(userId)).emit('receipt:updated', { ...receipt, readSeq });
    },
    ...groupTellers(io),
    'typing.updated': (fact) => tellTyping(io, fact),
    'presence.updated': ({ socketId, ...payload }) => {
      io.to(socketId).emit('presence:updated', payload);
    },
    'user.updated': async ({ user, blindIds }) => {
      const people = [...new Set([user.id, ...(await companionsOf(user.id))])];
      const [blind, others] = [
        people.filter((id) => blindIds.includes(id)),
        people.filter((id) => !blindIds.includes(id)),
      ];
      io.to(others.map(userRoom)).emit('user:updated', { user });
      if (blind.length > 0) io.to(blind.map(userRoom)).emit('user:updated', { user: { ...user, status: null } });
    },
    'conversation.read': () => undefined,
    ...notificationTellers(io),
    'presence.veiled': () => undefined,
    'contact.severed': () => undefined,
    'contact.updated': ({ ownerId, ...news }) => {
      io.to(userRoom(ownerId)).emit('contact:updated', news);
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
