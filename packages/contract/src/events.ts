/** Every event of the realtime door, by name: the only place where an event name is born. */
import { z } from 'zod';
import { Conversation, DeliveredResult, RaiseReceipt, ReadResult, OwnState, Receipt } from './conversations.js';
import { Contact } from './contacts.js';
import { Member } from './groups.js';
import { DeleteMessageEvent, EditMessageEvent, Message, SendMessage } from './messages.js';
import { Notification } from './notifications.js';
import { MessageReactions, React } from './reactions.js';
import { SyncAnswer, SyncRequest } from './sync.js';
import { Me, PublicUser } from './users.js';
import { objectId, time } from './input.js';
import type { ProblemDocument } from './problem.js';
import type { LimitClass } from './limits.js';

const RenewSession = z
  .strictObject({ accessToken: z.string().describe('A new access token of the same session') })
  .meta({ id: 'RenewSession' });

const WatchPresence = z
  .strictObject({ userIds: z.array(objectId).max(200).describe('Replaces the set that this socket watches') })
  .meta({ id: 'WatchPresence' });

const WatchedPresence = z
  .strictObject({
    userId: objectId,
    online: z.boolean(),
    lastSeenAt: time.nullable().describe('null while online, and where one may not know'),
  })
  .meta({ id: 'WatchedPresence' });

const TypingIn = z.strictObject({ conversationId: objectId }).meta({ id: 'TypingIn' });

const SessionEndReason = z.enum([
  'logout',
  'revoked',
  'password_changed',
  'password_reset',
  'token_reused',
  'disabled',
  'account_deleted',
  'expired',
]);

/** What a client may ask by an event, each paid from a budget and answered by an acknowledgement. */
export const clientEvents = {
  'message:send': { summary: 'Send a message', limit: 'send', input: SendMessage, output: Message },
  'message:edit': { summary: 'Give a message another text', limit: 'change', input: EditMessageEvent, output: Message },
  'message:delete': {
    summary: 'Delete a message for everyone, or hide it for oneself',
    limit: 'change',
    input: DeleteMessageEvent,
    output: Message.nullable(),
  },
  'reaction:add': { summary: 'React to a message', limit: 'change', input: React, output: MessageReactions },
  'reaction:remove': {
    summary: 'Take a reaction away',
    limit: 'change',
    input: React,
    output: MessageReactions,
  },
  'conversation:read': {
    summary: 'Mark messages read up to a number',
    limit: 'marks',
    input: RaiseReceipt,
    output: ReadResult,
  },
  'conversation:delivered': {
    summary: 'Mark messages delivered up to a number',
    limit: 'marks',
    input: RaiseReceipt,
    output: DeliveredResult,
  },
  'typing:start': {
    summary: 'Be shown as typing for six seconds',
    limit: 'typing',
    input: TypingIn,
    output: z.null(),
  },
  'typing:stop': { summary: 'Be no longer shown as typing', limit: 'typing', input: TypingIn, output: z.null() },
  'presence:watch': {
    summary: 'Watch who is online: the answer says it now, presence:updated from then on',
    limit: 'other',
    input: WatchPresence,
    output: z.strictObject({ items: z.array(WatchedPresence) }).meta({ id: 'WatchedPresences' }),
  },
  sync: {
    summary: 'Get everything that has changed since a cursor',
    limit: 'sync',
    input: SyncRequest,
    output: SyncAnswer,
  },
  'session:renew': {
    summary: 'Keep this socket open with a new access token of the same session',
    limit: 'other',
    input: RenewSession,
    output: z.strictObject({ expiresAt: time }).meta({ id: 'SessionRenewed' }),
  },
} as const satisfies Record<string, { summary: string; limit: LimitClass; input: z.ZodType; output: z.ZodType }>;

/** What the server tells by itself. */
export const serverEvents = {
  'message:created': {
    summary: 'A message has landed, told to the members who can see it',
    payload: z.strictObject({ message: Message }),
  },
  'message:updated': {
    summary: 'A message was edited, deleted or reacted to, told to the members who can see it',
    payload: z.strictObject({ message: Message }),
  },
  'change:skipped': {
    summary: 'Something changed that the receiver cannot see: its number is no gap',
    payload: z.strictObject({ conversationId: objectId, rev: z.int() }),
  },
  'message:hidden': {
    summary: 'Messages were hidden for oneself, told to the own devices',
    payload: z.strictObject({ conversationId: objectId, messageIds: z.array(objectId) }),
  },
  'conversation:created': {
    summary: 'A conversation has come into the list, as the receiver sees it',
    payload: z.strictObject({ conversation: Conversation }),
  },
  'conversation:removed': {
    summary: 'A conversation is gone from the list, told to the own devices',
    payload: z.strictObject({ conversationId: objectId, reason: z.enum(['removed', 'left', 'deleted', 'hidden']) }),
  },
  'conversation:updated': {
    summary:
      'Title, description or photo of a group have changed, told to its members; or the own role, told to whom it concerns',
    payload: z.strictObject({
      conversationId: objectId,
      rev: z.int().nullable(),
      changes: Conversation.pick({
        title: true,
        description: true,
        photo: true,
        role: true,
        permissions: true,
      }).partial(),
    }),
  },
  'member:added': {
    summary: 'People have come into a group, told to its members',
    payload: z.strictObject({ conversationId: objectId, rev: z.int(), members: z.array(Member) }),
  },
  'member:updated': {
    summary: 'Somebody has another role in a group, told to its members',
    payload: z.strictObject({ conversationId: objectId, rev: z.int(), member: Member }),
  },
  'member:removed': {
    summary: 'Somebody is no member of a group any more, told to its members',
    payload: z.strictObject({ conversationId: objectId, rev: z.int(), userId: objectId }),
  },
  'receipt:updated': {
    summary: "The other one's marks, or what a whole group has reached, have moved, told where one may know",
    payload: Receipt.extend({
      conversationId: objectId,
      userId: objectId.nullable().describe('null for what all members of a group have reached'),
    }),
  },
  'typing:updated': {
    summary: 'Who else is typing: the whole list, which replaces what was known, at most once a second',
    payload: z.strictObject({ conversationId: objectId, userIds: z.array(objectId) }),
  },
  'presence:updated': {
    summary: 'Somebody who is watched has come online or gone offline, told to who may know',
    payload: WatchedPresence,
  },
  'user:updated': {
    summary: 'A profile has changed, told to the own devices and to people who share a conversation',
    payload: z.strictObject({ user: PublicUser.omit({ presence: true }) }),
  },
  'notification:created': {
    summary: 'A notification has been made, told to the own devices',
    payload: z.strictObject({ notification: Notification, unread: z.int() }),
  },
  'notification:updated': {
    summary: 'A notification was read, or counts more; told to the own devices',
    payload: z.strictObject({ notification: Notification, unread: z.int() }),
  },
  'notification:removed': {
    summary: 'A notification is gone, told to the own devices',
    payload: z.strictObject({ notificationId: objectId, unread: z.int() }),
  },
  'contact:updated': {
    summary: 'Somebody is another to the caller now: a contact or none, blocked or not; told to the own devices',
    payload: z.strictObject({ userId: objectId, contact: Contact.nullable(), blocked: z.boolean() }),
  },
  'settings:updated': {
    summary: 'The own account, or marks or settings in a conversation, have changed, told to the own devices',
    payload: z.union([z.strictObject({ me: Me }), OwnState]),
  },
  'session:expiring': {
    summary: 'The access token runs out soon: renew it, or this socket is closed then',
    payload: z.strictObject({ expiresAt: time }),
  },
  'session:revoked': {
    summary: 'The session, or the token of this socket, has ended; the socket is closed within a second',
    payload: z.strictObject({ reason: SessionEndReason }),
  },
  'server:stopping': {
    summary: 'The server stops: connect again after this time',
    payload: z.strictObject({ retryAfterMs: z.int().min(0) }),
  },
} as const satisfies Record<string, { summary: string; payload: z.ZodType }>;

export type ClientEvent = keyof typeof clientEvents;
export type ServerEvent = keyof typeof serverEvents;

/** How every request is answered. */
export type SocketReply<Data> = { ok: true; data: Data } | { ok: false; error: ProblemDocument };

export type ClientToServerEvents = {
  [Event in ClientEvent]: (
    input: z.input<(typeof clientEvents)[Event]['input']>,
    ack: (reply: SocketReply<z.output<(typeof clientEvents)[Event]['output']>>) => void,
  ) => void;
};

export type ServerToClientEvents = {
  [Event in ServerEvent]: (payload: z.output<(typeof serverEvents)[Event]['payload']>) => void;
};
