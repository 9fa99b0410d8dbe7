import { z } from 'zod';
import { objectId, page, time, timeInput } from './input.js';
import { Message } from './message.js';
import { permissions } from './roles.js';
import { roles } from './roles.js';
import { ImageRef } from './media.js';
import { PublicUser } from './users.js';

const Receipts = z.strictObject({ deliveredSeq: z.int(), readSeq: z.int() }).meta({ id: 'Marks' });

export const ConversationSettings = z
  .strictObject({ mutedUntil: time.nullable(), archived: z.boolean(), pinned: z.boolean(), markedUnread: z.boolean() })
  .meta({ id: 'ConversationSettings' });

export const Conversation = z
  .strictObject({
    id: objectId,
    type: z.enum(['direct', 'group']),
    title: z.string().nullable(),
    description: z.string().nullable(),
    photo: ImageRef.nullable(),
    peer: PublicUser.nullable(),
    memberCount: z.int(),
    role: z.enum(roles).nullable(),
    permissions: z.array(z.enum(permissions)).describe('What the caller may do here now'),
    createdAt: time,
    lastActivityAt: time,
    seq: z.int(),
    rev: z.int(),
    lastMessage: Message.nullable(),
    unreadCount: z.int(),
    mentionCount: z.int(),
    readSeq: z.int(),
    deliveredSeq: z.int(),
    reached: Receipts,
    settings: ConversationSettings,
  })
  .meta({ id: 'Conversation' });
export type Conversation = z.infer<typeof Conversation>;

export const CreateConversation = z
  .strictObject({ type: z.literal('direct'), userId: objectId })
  .meta({ id: 'CreateConversation' });
export type CreateConversation = z.output<typeof CreateConversation>;

export const ListConversations = page
  .extend({ filter: z.enum(['all', 'unread', 'archived']).default('all') })
  .meta({ id: 'ListConversations' });
export type ListConversations = z.output<typeof ListConversations>;

export const ConversationList = z
  .strictObject({ items: z.array(Conversation), nextCursor: z.string().nullable() })
  .meta({ id: 'ConversationList' });
export type ConversationList = z.infer<typeof ConversationList>;

export const UpdateSettings = z
  .strictObject({
    mutedUntil: timeInput.nullable().optional().describe('null ends it'),
    archived: z.boolean().optional(),
    pinned: z.boolean().optional(),
    markedUnread: z.boolean().optional(),
  })
  .meta({ id: 'UpdateSettings' });
export type UpdateSettings = z.output<typeof UpdateSettings>;

export const ReadUpTo = z.strictObject({ seq: z.int().min(0) }).meta({ id: 'Mark' });

const counts = { unreadCount: z.int(), mentionCount: z.int() };

export const ReadResult = z
  .strictObject({ readSeq: z.int(), deliveredSeq: z.int(), ...counts })
  .meta({ id: 'MarkResult' });
export type ReadResult = z.infer<typeof ReadResult>;

export const DeliveredResult = z.strictObject({ deliveredSeq: z.int() }).meta({ id: 'DeliveredResult' });

export const RaiseReceipt = z
  .strictObject({ conversationId: objectId, seq: z.int().min(0) })
  .meta({ id: 'MarkConversation' });

/** How a conversation stands for its owner's devices. */
export const OwnState = z
  .strictObject({
    conversationId: objectId,
    settings: ConversationSettings,
    readSeq: z.int(),
    deliveredSeq: z.int(),
    ...counts,
  })
  .meta({ id: 'OwnState' });
export type OwnState = z.infer<typeof OwnState>;

export const Receipt = z
  .strictObject({ userId: objectId, deliveredSeq: z.int(), readSeq: z.int() })
  .meta({ id: 'Receipt' });

export const ReceiptList = z
  .strictObject({ items: z.array(Receipt), nextCursor: z.string().nullable() })
  .meta({ id: 'ReceiptList' });
export type ReceiptList = z.infer<typeof ReceiptList>;

export const ListReceipts = page.meta({ id: 'ListReceipts' });
export type ListReceipts = z.output<typeof ListReceipts>;

export const UnreadTotals = z
  .strictObject({ conversations: z.int(), messages: z.int(), mentions: z.int() })
  .meta({ id: 'UnreadTotals' });
export type UnreadTotals = z.infer<typeof UnreadTotals>;

export const NamePeople = z
  .strictObject({
    ids: z
      .string()
      .max(2500)
      .transform((list) => list.split(','))
      .pipe(z.array(objectId).max(100))
      .describe('Ids of people, separated by commas, at most 100'),
  })
  .meta({ id: 'NamePeople' });

export const ConversationParams = z.strictObject({ id: objectId });
