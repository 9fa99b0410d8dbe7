import { z } from 'zod';
import { objectId } from './input.js';
import { Message } from './message.js';
import { Conversation } from './conversations.js';
import { Member } from './groups.js';
import { Contact } from './contacts.js';
import { Notification } from './notifications.js';
import { Me, UserRef } from './users.js';

export const SyncRequest = z
  .strictObject({
    cursor: z.string().max(250_000).optional().describe('That of the answer before; none to begin'),
    limit: z.int().min(1).max(100).default(50).describe('How many conversations at most'),
  })
  .meta({ id: 'SyncRequest' });
export type SyncRequest = z.output<typeof SyncRequest>;

const SyncedConversation = z
  .strictObject({
    conversation: Conversation,
    messages: z.array(Message).describe('What was created or changed since, as it is now, in ascending order of seq'),
    limited: z.boolean().describe('Drop what is held of this conversation, and page back on demand'),
    members: z.array(Member).nullable().describe('Those added or changed since; null beyond 100: ask for the list'),
    removedMemberIds: z.array(objectId),
    hiddenMessageIds: z.array(objectId).describe('What the caller has hidden for himself since'),
  })
  .meta({ id: 'SyncedConversation' });
export type SyncedConversation = z.infer<typeof SyncedConversation>;

export const SyncAnswer = z
  .strictObject({
    cursor: z.string().describe('Stands for everything up to this answer'),
    hasMore: z.boolean().describe('Ask again at once with the new cursor'),
    me: Me.optional().describe('There when it changed'),
    contacts: z.array(Contact).optional().describe('All of them, there when they changed'),
    blocked: z.array(UserRef).optional().describe('All of them, there when they changed'),
    notifications: z
      .strictObject({ items: z.array(Notification), unread: z.int() })
      .optional()
      .describe('The newest 50, there when they changed'),
    conversations: z.array(SyncedConversation),
    removedConversationIds: z.array(objectId),
  })
  .meta({ id: 'SyncAnswer' });
export type SyncAnswer = z.infer<typeof SyncAnswer>;
