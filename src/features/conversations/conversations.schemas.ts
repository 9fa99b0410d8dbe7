import { z } from 'zod';
import { objectId, page, time } from '../../kernel/input.js';
import { Message } from '../../views/message.schemas.js';
import { ImageRef, PublicUser } from '../users/users.schemas.js';

const Marks = z.strictObject({ deliveredSeq: z.int(), readSeq: z.int() }).meta({ id: 'Marks' });

const ConversationSettings = z
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
    role: z.enum(['creator', 'admin', 'moderator', 'member']).nullable(),
    permissions: z.array(z.enum(['send', 'react'])),
    createdAt: time,
    lastActivityAt: time,
    seq: z.int(),
    rev: z.int(),
    lastMessage: Message.nullable(),
    unreadCount: z.int(),
    mentionCount: z.int(),
    readSeq: z.int(),
    deliveredSeq: z.int(),
    reached: Marks,
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

export const ConversationParams = z.strictObject({ id: objectId });
