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
    cursor: z.string().max(250_000).optional().describe('`cursor` of the previous response; omit it to start'),
    limit: z.int().min(1).max(100).default(50).describe('Maximum number of conversations'),
  })
  .meta({ id: 'SyncRequest' });
export type SyncRequest = z.output<typeof SyncRequest>;

const SyncedConversation = z
  .strictObject({
    conversation: Conversation,
    messages: z
      .array(Message)
      .describe('Messages created or changed since the cursor, as they are now, in ascending order of seq'),
    limited: z.boolean().describe('Discard the messages held of this conversation, and load older ones on demand'),
    members: z
      .array(Member)
      .nullable()
      .describe('Members added or changed since the cursor; null if there are more than 100: load the list of members'),
    removedMemberIds: z.array(objectId).describe('Ids of the users who are no longer members'),
    hiddenMessageIds: z.array(objectId).describe('Ids of the messages that the caller has hidden since the cursor'),
  })
  .meta({ id: 'SyncedConversation' });
export type SyncedConversation = z.infer<typeof SyncedConversation>;

export const SyncAnswer = z
  .strictObject({
    cursor: z.string().describe('Covers everything up to this response; send it with the next request'),
    hasMore: z.boolean().describe('Sync again at once with the new cursor'),
    me: Me.optional().describe('Present if it changed'),
    contacts: z.array(Contact).optional().describe('All contacts; present if they changed'),
    blocked: z.array(UserRef).optional().describe('All blocked users; present if they changed'),
    notifications: z
      .strictObject({
        items: z.array(Notification),
        unread: z.int().describe('Number of unread notifications'),
      })
      .optional()
      .describe('The newest 50 notifications; present if they changed'),
    conversations: z.array(SyncedConversation).describe('Conversations that are new or changed since the cursor'),
    removedConversationIds: z.array(objectId).describe('Ids of the conversations that are no longer in the list'),
  })
  .meta({ id: 'SyncAnswer' });
export type SyncAnswer = z.infer<typeof SyncAnswer>;
