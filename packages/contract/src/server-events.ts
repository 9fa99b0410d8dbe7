/** The Socket.IO events that the server sends, by name, with their schemas. */
import { z } from 'zod';
import { WatchedPresence } from './client-events.js';
import { Contact } from './contacts.js';
import { Conversation, OwnState, Receipt } from './conversations.js';
import { Member } from './groups.js';
import { objectId, time } from './input.js';
import { Message } from './messages.js';
import { Notification } from './notifications.js';
import { Me, PublicUser } from './users.js';

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

const conversationId = objectId.describe('Id of the conversation');
const rev = z.int().describe('Number of this change in the conversation');
const unread = z.int().describe('Number of unread notifications');

/** Events sent by the server. */
export const serverEvents = {
  'message:created': {
    summary: 'A message was sent. Sent to the members who can see it',
    payload: z.strictObject({ message: Message }),
  },
  'message:updated': {
    summary: 'A message was edited or deleted, or its reactions changed. Sent to the members who can see it',
    payload: z.strictObject({ message: Message }),
  },
  'change:skipped': {
    summary: 'A change took a number but concerns nothing that the receiver can see; it keeps `rev` without gaps',
    payload: z.strictObject({ conversationId, rev }),
  },
  'message:hidden': {
    summary: "Messages were hidden by the user. Sent to the user's own devices",
    payload: z.strictObject({
      conversationId,
      messageIds: z.array(objectId).describe('Ids of the hidden messages'),
    }),
  },
  'conversation:created': {
    summary: 'A conversation was added to the list. Sent to the user concerned',
    payload: z.strictObject({ conversation: Conversation }),
  },
  'conversation:removed': {
    summary: "A conversation was removed from the list. Sent to the user's own devices",
    payload: z.strictObject({
      conversationId,
      reason: z
        .enum(['removed', 'left', 'deleted', 'hidden'])
        .describe('The user was removed or left, the group was deleted, or the user hid the conversation'),
    }),
  },
  'conversation:updated': {
    summary:
      'The title, description or photo of a group changed (sent to its members), or the role or permissions of the receiver changed (sent to that user)',
    payload: z.strictObject({
      conversationId,
      rev: z.int().nullable().describe('Number of this change in the conversation; null if it took none'),
      changes: Conversation.pick({
        title: true,
        description: true,
        photo: true,
        role: true,
        permissions: true,
      })
        .partial()
        .describe('The new values; fields that did not change are left out'),
    }),
  },
  'member:added': {
    summary: 'Members were added to a group. Sent to its members',
    payload: z.strictObject({ conversationId, rev, members: z.array(Member).describe('The new members') }),
  },
  'member:updated': {
    summary: 'The role of a member changed. Sent to the members of the group',
    payload: z.strictObject({ conversationId, rev, member: Member }),
  },
  'member:removed': {
    summary: 'A member left a group or was removed from it. Sent to the remaining members',
    payload: z.strictObject({ conversationId, rev, userId: objectId.describe('Id of the former member') }),
  },
  'receipt:updated': {
    summary:
      'The read or delivered position moved: of the other person in a direct conversation, of all members in a group. Sent to members who may see it',
    payload: Receipt.extend({
      conversationId,
      userId: objectId
        .nullable()
        .describe('Id of the other person; null in a group, where the numbers are those that all members have reached'),
    }),
  },
  'typing:updated': {
    summary: 'The other members who are typing: the whole list, at most once a second. Sent to the members',
    payload: z.strictObject({
      conversationId,
      userIds: z.array(objectId).describe('Ids of the members who are typing; replaces the list sent before'),
    }),
  },
  'presence:updated': {
    summary: 'A watched user came online or went offline. Sent to the sockets that watch the user and may see it',
    payload: WatchedPresence,
  },
  'user:updated': {
    summary: "A profile changed. Sent to the user's own devices and to users who share a conversation",
    payload: z.strictObject({ user: PublicUser.omit({ presence: true }) }),
  },
  'notification:created': {
    summary: "A notification was created. Sent to the user's own devices",
    payload: z.strictObject({ notification: Notification, unread }),
  },
  'notification:updated': {
    summary: "A notification was read, or its count went up. Sent to the user's own devices",
    payload: z.strictObject({ notification: Notification, unread }),
  },
  'notification:removed': {
    summary: "A notification was removed. Sent to the user's own devices",
    payload: z.strictObject({ notificationId: objectId.describe('Id of the notification'), unread }),
  },
  'contact:updated': {
    summary:
      "A user was added to, changed in or removed from the contacts, or was blocked or unblocked. Sent to the user's own devices",
    payload: z.strictObject({
      userId: objectId.describe('Id of the other user'),
      contact: Contact.nullable().describe('The contact as it is now; null if the user is not a contact'),
      blocked: z.boolean().describe('Whether the user is blocked by the receiver'),
    }),
  },
  'settings:updated': {
    summary: "The user's account, settings or read position in a conversation changed. Sent to the user's own devices",
    payload: z.union([z.strictObject({ me: Me }), OwnState]),
  },
  'session:expiring': {
    summary: 'The access token of this socket expires soon: renew it, or the socket is closed',
    payload: z.strictObject({ expiresAt: time.describe('When the access token expires') }),
  },
  'session:revoked': {
    summary: 'The session or the access token of this socket ended: the socket is closed within a second',
    payload: z.strictObject({ reason: SessionEndReason }),
  },
  'server:stopping': {
    summary: 'The server is stopping: reconnect after `retryAfterMs`',
    payload: z.strictObject({ retryAfterMs: z.int().min(0).describe('Milliseconds to wait before reconnecting') }),
  },
} as const satisfies Record<string, { summary: string; payload: z.ZodType }>;
