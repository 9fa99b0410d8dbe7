import { z } from 'zod';
import { roles, systemKinds } from './roles.js';
import { Attachment } from './media.js';
import { objectId, time } from './input.js';

const ReplyTo = z
  .strictObject({
    id: objectId,
    seq: z.int(),
    senderId: objectId.nullable(),
    excerpt: z.string().describe('The first 100 code points of the quoted message as it is now'),
  })
  .meta({ id: 'ReplyTo' });

const System = z
  .strictObject({
    kind: z.enum(systemKinds),
    actorId: objectId.nullable(),
    userIds: z.array(objectId),
    role: z.enum(roles).nullable(),
    title: z.string().nullable(),
  })
  .meta({ id: 'System' });

export const Reaction = z
  .strictObject({
    emoji: z.string(),
    count: z.int(),
    userIds: z.array(objectId).describe('The first 50 who reacted, oldest first'),
  })
  .meta({ id: 'Reaction' });

export const Message = z
  .strictObject({
    id: objectId,
    conversationId: objectId,
    seq: z.int().describe('1, 2, 3 ... without a gap in each conversation'),
    rev: z.int().describe('The number of its last change, 0 if it never changed'),
    senderId: objectId.nullable(),
    clientId: z.string().nullable(),
    type: z.enum(['text', 'media', 'system']),
    text: z.string(),
    attachments: z.array(Attachment),
    replyTo: ReplyTo.nullable(),
    mentions: z.array(objectId),
    reactions: z.array(Reaction),
    system: System.nullable(),
    revision: z.int().describe('Counts the edits'),
    createdAt: time,
    editedAt: time.nullable(),
    deletedAt: time.nullable(),
    state: z.enum(['sent', 'delivered', 'read']).nullable().describe("Of the caller's own messages, else null"),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;
