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

const without = (list: readonly string[], userId: string): string[] => list.filter((one) => one !== userId);

/** Each member is shown the list without himself, and only when that list is another one. */
function tellTyping(io: RealtimeServer, fact: Facts['typing.updated']): void {
  const { conversationId, type, userIds, before, typists } = fact;
  const concerned = type === 'direct' ? userIds : [...new Set([...before, ...typists])];
  for (const userId of concerned) {
    const list = without(typists, userId);
    if (list.join() === without(before, userId).join()) continue;
    io.to(userRoom(userId)).emit('typing:updated', { conversationId, userIds: list });
  }
  if (type === 'direct') return;
  const others = io.to(groupRoom(conversationId)).except(concerned.map(userRoom));
  others.emit('typing:updated', { conversationId, userIds: [...typists] });
}

/** Builds the tellers over the sockets of this process. */
export function createBroadcast(io: RealtimeServer, { companionsOf, close }: Audience): Broadcast {
  /** Everybody in these rooms, each once, but for the socket that asked for the change. */
  function to(rooms: string[], originSocketId?: string): ReturnType<RealtimeServer['to']> {
    const audience = io.to(rooms);
    return originSocketId === undefined ? audience : audience.except(originSocketId);
  }

  return {
    'message.created': ({ conversationId, type, userIds, message, senderState, originSocketId }) => {
      const sender = message.senderId === null ? [] : [userRoom(message.senderId)];
      const rooms = type === 'group' ? [groupRoom(conversationId)] : userIds.map(userRoom);
      const others = rooms.filter((room) => !sender.includes(room));
      if (others.length > 0) io.to(others).except(sender).emit('message:created', { message });
      if (sender.length > 0) {
        to(sender, originSocketId).emit('message:created', { message: { ...message, state: senderState } });
      }
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
    'receipt.updated': ({ toUserIds, ...receipt }) => {
      io.to(toUserIds.map(userRoom)).emit('receipt:updated', receipt);
    },
    'typing.updated': (fact) => tellTyping(io, fact),
    'presence.updated': ({ socketId, ...payload }) => {
      io.to(socketId).emit('presence:updated', payload);
    },
    'user.updated': async ({ user }) => {
      const people = new Set([user.id, ...(await companionsOf(user.id))]);
      io.to([...people].map(userRoom)).emit('user:updated', { user });
    },
    'settings.updated': ({ userId, me }) => {
      io.to(userRoom(userId)).emit('settings:updated', { me });
    },
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
    'server.stopping': ({ retryAfterMs }) => {
      io.emit('server:stopping', { retryAfterMs });
    },
  };
}
