import { z } from 'zod';
import { nextCursor, objectId, page, time, timeInput } from './input.js';
import { Message } from './message.js';
import { permissions } from './roles.js';
import { roles } from './roles.js';
import { ImageRef } from './media.js';
import { PublicUser } from './users.js';

const unreadCount = z.int().describe('Visible messages above `readSeq`, without system messages and deleted messages');
const mentionCount = z.int().describe('Those of `unreadCount` that mention the caller');
const readSeq = z.int().describe('The caller has read up to this seq');
const deliveredSeq = z.int().describe('Messages have arrived at the caller up to this seq; at least `readSeq`');

const Receipts = z
  .strictObject({
    deliveredSeq: z.int().describe('Own messages up to this seq are delivered'),
    readSeq: z.int().describe('Own messages up to this seq are read'),
  })
  .meta({
    id: 'Marks',
    description:
      'How far the others are, as far as the caller may know: in a direct conversation the other person, in a group the lowest of all members',
  });

export const ConversationSettings = z
  .strictObject({
    mutedUntil: time.nullable().describe('Muted until this time; null if not muted'),
    archived: z
      .boolean()
      .describe('Archived conversations are listed only on request, and only mentions in them count'),
    pinned: z.boolean().describe('Pinned conversations come first in the list'),
    markedUnread: z.boolean().describe('Marked as unread by hand; cleared by reading or sending'),
  })
  .meta({ id: 'ConversationSettings', description: 'Settings of the caller in this conversation' });

export const Conversation = z
  .strictObject({
    id: objectId,
    type: z.enum(['direct', 'group']).describe('`direct` (two users, or one with themselves) or `group`'),
    title: z.string().nullable().describe('Title of a group; null in a direct conversation'),
    description: z.string().nullable().describe('Description of a group; null in a direct conversation'),
    photo: ImageRef.nullable().describe('Photo of a group; null if it has none, and in a direct conversation'),
    peer: PublicUser.nullable().describe(
      'The other person of a direct conversation (the caller in the conversation with oneself); null in a group',
    ),
    memberCount: z.int().describe('Number of members: 2 in a direct conversation, 1 in the one with oneself'),
    role: z.enum(roles).nullable().describe('Role of the caller in a group; null in a direct conversation'),
    permissions: z.array(z.enum(permissions)).describe('What the caller may do here now'),
    createdAt: time,
    lastActivityAt: time.describe('When the last message was sent, or the conversation was created'),
    seq: z.int().describe('seq of the last message; 0 if there is none yet'),
    rev: z
      .int()
      .describe('Number of the last change other than a new message: edit, deletion, reaction, member, title ...'),
    lastMessage: Message.nullable().describe('The newest message that the caller can see; null if there is none'),
    unreadCount,
    mentionCount,
    readSeq,
    deliveredSeq,
    reached: Receipts,
    settings: ConversationSettings,
  })
  .meta({ id: 'Conversation', description: 'A conversation as the caller sees it' });
export type Conversation = z.infer<typeof Conversation>;

export const CreateConversation = z
  .strictObject({
    type: z.literal('direct'),
    userId: objectId.describe('Id of the other user; your own id opens the conversation with yourself'),
  })
  .meta({ id: 'CreateConversation' });
export type CreateConversation = z.output<typeof CreateConversation>;

export const ListConversations = page
  .extend({
    filter: z
      .enum(['all', 'unread', 'archived'])
      .default('all')
      .describe('`all` includes archived ones; `unread` are those with unread messages or marked as unread'),
  })
  .meta({ id: 'ListConversations' });
export type ListConversations = z.output<typeof ListConversations>;

export const ConversationList = z
  .strictObject({ items: z.array(Conversation), nextCursor })
  .meta({ id: 'ConversationList' });
export type ConversationList = z.infer<typeof ConversationList>;

export const UpdateSettings = z
  .strictObject({
    mutedUntil: timeInput.nullable().optional().describe('Mute until this time; null unmutes'),
    archived: z.boolean().optional().describe('Whether to archive the conversation'),
    pinned: z.boolean().optional().describe('Whether to pin the conversation to the top of the list'),
    markedUnread: z.boolean().optional().describe('Mark as unread by hand; reading or sending clears it'),
  })
  .meta({ id: 'UpdateSettings' });
export type UpdateSettings = z.output<typeof UpdateSettings>;

const upTo = z.int().min(0).describe('seq of the last message that counts; at most the `seq` of the conversation');

export const ReadUpTo = z.strictObject({ seq: upTo }).meta({ id: 'Mark' });

export const ReadResult = z
  .strictObject({ readSeq, deliveredSeq, unreadCount, mentionCount })
  .meta({ id: 'MarkResult' });
export type ReadResult = z.infer<typeof ReadResult>;

export const DeliveredResult = z.strictObject({ deliveredSeq }).meta({ id: 'DeliveredResult' });

export const RaiseReceipt = z
  .strictObject({ conversationId: objectId.describe('Id of the conversation'), seq: upTo })
  .meta({ id: 'MarkConversation' });

/** State of a conversation that concerns only the devices of its member. */
export const OwnState = z
  .strictObject({
    conversationId: objectId.describe('Id of the conversation'),
    settings: ConversationSettings,
    readSeq,
    deliveredSeq,
    unreadCount,
    mentionCount,
  })
  .meta({ id: 'OwnState' });
export type OwnState = z.infer<typeof OwnState>;

export const Receipt = z
  .strictObject({
    userId: objectId.describe('Id of the member'),
    deliveredSeq: z.int().describe('Messages have arrived at this member up to this seq'),
    readSeq: z.int().describe('This member has read up to this seq'),
  })
  .meta({ id: 'Receipt' });

export const ReceiptList = z.strictObject({ items: z.array(Receipt), nextCursor }).meta({ id: 'ReceiptList' });
export type ReceiptList = z.infer<typeof ReceiptList>;

export const ListReceipts = page.meta({ id: 'ListReceipts' });
export type ListReceipts = z.output<typeof ListReceipts>;

export const UnreadTotals = z
  .strictObject({
    conversations: z.int().describe('Conversations with unread messages, without muted and archived ones'),
    messages: z.int().describe('Unread messages, without those in muted and archived conversations'),
    mentions: z.int().describe('Unread mentions of the caller, in every conversation'),
  })
  .meta({ id: 'UnreadTotals' });
export type UnreadTotals = z.infer<typeof UnreadTotals>;

export const NamePeople = z
  .strictObject({
    ids: z
      .string()
      .max(2500)
      .transform((list) => list.split(','))
      .pipe(z.array(objectId).max(100))
      .describe('Ids of users, separated by commas, at most 100'),
  })
  .meta({ id: 'NamePeople' });

export const ConversationParams = z.strictObject({ id: objectId.describe('Id of the conversation') });
