import { z } from 'zod';
import { roles, systemKinds } from './roles.js';
import { Attachment } from './media.js';
import { objectId, time } from './input.js';

const ReplyTo = z
  .strictObject({
    id: objectId.describe('Id of the quoted message'),
    seq: z.int().describe('seq of the quoted message'),
    senderId: objectId.nullable().describe('Id of the sender of the quoted message; null for some system messages'),
    excerpt: z
      .string()
      .describe(
        'First 100 code points of the current text of the quoted message; empty if it was deleted or the caller cannot see it',
      ),
  })
  .meta({ id: 'ReplyTo' });

const System = z
  .strictObject({
    kind: z.enum(systemKinds).describe('What happened in the group'),
    actorId: objectId.nullable().describe('Id of the user who caused it; null if nobody did'),
    userIds: z.array(objectId).describe('Ids of the users it happened to'),
    role: z.enum(roles).nullable().describe('The new role; null unless the kind is `role_changed`'),
    title: z.string().nullable().describe('The title of the group; null unless the kind concerns it'),
  })
  .meta({ id: 'System' });

export const Reaction = z
  .strictObject({
    emoji: z.string(),
    count: z.int().describe('Number of users who reacted with this emoji'),
    userIds: z.array(objectId).describe('Ids of the first 50 users who reacted, oldest reaction first'),
  })
  .meta({ id: 'Reaction' });

export const Message = z
  .strictObject({
    id: objectId,
    conversationId: objectId.describe('Id of the conversation'),
    seq: z.int().describe('Position in the conversation: 1, 2, 3 ... without a gap'),
    rev: z.int().describe('`rev` of the conversation at the last change of this message; 0 if it never changed'),
    senderId: objectId
      .nullable()
      .describe('Id of the sender; of a system message the user who caused it, null if nobody did'),
    clientId: z.string().nullable().describe('Id chosen by the sending client; null for a system message'),
    type: z.enum(['text', 'media', 'system']).describe('`media` if there are attachments'),
    text: z.string().describe('Empty if there is none, and once the message is deleted'),
    attachments: z.array(Attachment).describe('In the order in which they were given'),
    replyTo: ReplyTo.nullable().describe('The message it replies to; null if it is not a reply'),
    mentions: z.array(objectId).describe('Ids of the users it mentions'),
    reactions: z.array(Reaction).describe('One entry for each emoji'),
    system: System.nullable().describe('What happened in the group; null unless the type is `system`'),
    revision: z.int().describe('Number of edits of the text'),
    createdAt: time,
    editedAt: time.nullable().describe('When the text was last edited; null if it never was'),
    deletedAt: time.nullable().describe('When the message was deleted for everyone; null if it was not'),
    state: z
      .enum(['sent', 'delivered', 'read'])
      .nullable()
      .describe(
        "`delivered` or `read` once this holds for every other member, as far as they show it; null unless it is the caller's own message",
      ),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;
