/** The Socket.IO events that clients send, by name, with their schemas. */
import { z } from 'zod';
import { DeliveredResult, RaiseReceipt, ReadResult } from './conversations.js';
import { objectId, time } from './input.js';
import type { LimitClass } from './limits.js';
import { DeleteMessageEvent, EditMessageEvent, Message, SendMessage } from './messages.js';
import { MessageReactions, React } from './reactions.js';
import { SyncAnswer, SyncRequest } from './sync.js';

const RenewSession = z
  .strictObject({ accessToken: z.string().describe('A new access token of the same session') })
  .meta({ id: 'RenewSession' });

const WatchPresence = z
  .strictObject({
    userIds: z.array(objectId).max(200).describe('Ids of the users to watch; replaces those watched before'),
  })
  .meta({ id: 'WatchPresence' });

export const WatchedPresence = z
  .strictObject({
    userId: objectId.describe('Id of the watched user'),
    online: z.boolean().describe('Whether the user has a connected socket; false if the caller may not see it'),
    lastSeenAt: time
      .nullable()
      .describe('When the user was last online; null while online, and if it is unknown or the caller may not see it'),
  })
  .meta({ id: 'WatchedPresence' });

const TypingIn = z
  .strictObject({ conversationId: objectId.describe('Id of the conversation') })
  .meta({ id: 'TypingIn' });

/** Events sent by clients. Each counts against a rate limit and is answered by an acknowledgement. */
export const clientEvents = {
  'message:send': { summary: 'Send a message', limit: 'send', input: SendMessage, output: Message },
  'message:edit': { summary: 'Edit a message', limit: 'change', input: EditMessageEvent, output: Message },
  'message:delete': {
    summary: 'Delete or hide a message',
    limit: 'change',
    input: DeleteMessageEvent,
    output: Message.nullable(),
  },
  'reaction:add': { summary: 'React to a message', limit: 'change', input: React, output: MessageReactions },
  'reaction:remove': {
    summary: 'Remove a reaction',
    limit: 'change',
    input: React,
    output: MessageReactions,
  },
  'conversation:read': {
    summary: 'Mark a conversation as read',
    limit: 'marks',
    input: RaiseReceipt,
    output: ReadResult,
  },
  'conversation:delivered': {
    summary: 'Mark messages as delivered',
    limit: 'marks',
    input: RaiseReceipt,
    output: DeliveredResult,
  },
  'typing:start': {
    summary: 'Start typing: shown to the other members for six seconds',
    limit: 'typing',
    input: TypingIn,
    output: z.null(),
  },
  'typing:stop': { summary: 'Stop typing', limit: 'typing', input: TypingIn, output: z.null() },
  'presence:watch': {
    summary: 'Watch the presence of users',
    limit: 'other',
    input: WatchPresence,
    output: z
      .strictObject({ items: z.array(WatchedPresence).describe('The presence of the watched users now') })
      .meta({ id: 'WatchedPresences' }),
  },
  sync: {
    summary: 'Get all changes since a cursor',
    limit: 'sync',
    input: SyncRequest,
    output: SyncAnswer,
  },
  'session:renew': {
    summary: 'Renew the access token of this socket',
    limit: 'other',
    input: RenewSession,
    output: z
      .strictObject({ expiresAt: time.describe('When the new access token expires') })
      .meta({ id: 'SessionRenewed' }),
  },
} as const satisfies Record<string, { summary: string; limit: LimitClass; input: z.ZodType; output: z.ZodType }>;
