import { z } from 'zod';
import { nextCursor, objectId, page, rule, text, time } from './input.js';
import { Message } from './message.js';

export { Message };

export const SendMessage = z
  .strictObject({
    conversationId: objectId.describe('Id of the conversation'),
    clientId: z
      .string()
      .regex(/^[\x20-\x7e]{1,64}$/)
      .describe(
        'Chosen by the client, 1-64 printable ASCII characters, once per sender and conversation. Sending the same one again returns the message sent first',
      ),
    text: text(0, 4000).default('').describe('1-4,000 characters, not blank unless there are attachments'),
    attachments: z
      .array(objectId)
      .max(10)
      .default([])
      .describe("Ids of the caller's unused uploads with the purpose `message`"),
    replyTo: objectId.optional().describe('Id of the message it replies to, in the same conversation'),
    mentions: z.array(objectId).max(50).default([]).describe('Ids of the members to mention'),
  })
  .refine(({ text: said, attachments }) => attachments.length > 0 || said.trim() !== '', {
    ...rule('Must not be blank', 'Ne doit pas être vide'),
    path: ['text'],
  })
  .meta({ id: 'SendMessage' });
export type SendMessage = z.output<typeof SendMessage>;

const seq = z.int().min(0);

export const ListMessages = z
  .strictObject({
    conversationId: objectId.describe('Id of the conversation'),
    before: seq.optional().describe('Only messages with a lower seq, the closest ones'),
    after: seq.optional().describe('Only messages with a higher seq, the closest ones'),
    around: seq.optional().describe('Messages on both sides of this seq, including it'),
    limit: z.int().min(1).max(100).default(50).describe('Maximum number of messages'),
  })
  .refine(
    ({ before, after, around }) => [before, after, around].filter((one) => one !== undefined).length <= 1,
    rule('Give only one of before, after and around', 'Indiquez before, after ou around, un seul des trois'),
  )
  .meta({ id: 'ListMessages' });
export type ListMessages = z.output<typeof ListMessages>;

export const MessagePage = z
  .strictObject({
    items: z.array(Message).describe('In ascending order of seq'),
    hasMoreBefore: z.boolean().describe('Whether there are older messages that the caller can see'),
    hasMoreAfter: z.boolean().describe('Whether there are newer messages that the caller can see'),
  })
  .meta({ id: 'MessageWindow' });
export type MessagePage = z.infer<typeof MessagePage>;

const newText = text(0, 4000).describe('1-4,000 characters, not blank unless there are attachments');
const revision = z
  .int()
  .min(0)
  .optional()
  .describe('`revision` of the text that was edited; if there is a later one, the response is 409 `stale_revision`');

export const EditMessage = z.strictObject({ text: newText, revision }).meta({ id: 'EditMessage' });

export const EditMessageEvent = EditMessage.extend({
  messageId: objectId.describe('Id of the message'),
}).meta({ id: 'EditMessageEvent' });

const scope = z
  .enum(['everyone', 'me'])
  .default('everyone')
  .describe('`everyone` deletes the message, `me` hides it from the caller only');

export const DeleteMessage = z.strictObject({ scope }).meta({ id: 'DeleteMessage' });

export const DeleteMessageEvent = DeleteMessage.extend({
  messageId: objectId.describe('Id of the message'),
}).meta({ id: 'DeleteMessageEvent' });

export const MessageReceipts = z
  .strictObject({
    delivered: z
      .array(objectId)
      .describe('Ids of the members who have received the message, including those who read it'),
    read: z.array(objectId).describe('Ids of the members who have read the message'),
  })
  .meta({ id: 'MessageReceipts' });
export type MessageReceipts = z.infer<typeof MessageReceipts>;

export const MessageRevisions = z
  .strictObject({
    items: z.array(
      z.strictObject({
        text: z.string().describe('The earlier text'),
        editedAt: time.describe('When this text was replaced'),
      }),
    ),
  })
  .meta({ id: 'MessageRevisions' });
export type MessageRevisions = z.infer<typeof MessageRevisions>;

export const SearchMessages = page
  .extend({
    q: text(2, 64).describe(
      '2-64 characters. Every word must occur, the last one as a prefix; case and accents are ignored',
    ),
    conversationId: objectId.optional().describe('Only messages of this conversation'),
    senderId: objectId.optional().describe('Only messages of this sender'),
  })
  .meta({ id: 'SearchMessages' });
export type SearchMessages = z.output<typeof SearchMessages>;

const Hit = z
  .strictObject({
    message: Message,
    ranges: z
      .array(z.tuple([z.int(), z.int()]))
      .describe('Matches in the text: start and end (exclusive), in UTF-16 code units'),
  })
  .meta({ id: 'Hit' });

export const SearchResult = z.strictObject({ items: z.array(Hit), nextCursor }).meta({ id: 'SearchResult' });
export type SearchResult = z.infer<typeof SearchResult>;

export const MessageParams = z.strictObject({ id: objectId.describe('Id of the message') });
