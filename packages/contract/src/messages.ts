import { z } from 'zod';
import { objectId, page, rule, text, time } from './input.js';
import { Message } from './message.js';

export { Message };

export const SendMessage = z
  .strictObject({
    conversationId: objectId,
    clientId: z
      .string()
      .regex(/^[\x20-\x7e]{1,64}$/)
      .describe('1-64 printable ASCII characters: the same one again gets the first message'),
    text: text(0, 4000).default('').describe('1-4,000 characters, not blank unless there are attachments'),
    attachments: z.array(objectId).max(10).default([]),
    replyTo: objectId.optional(),
    mentions: z.array(objectId).max(50).default([]),
  })
  .refine(({ text: said, attachments }) => attachments.length > 0 || said.trim() !== '', {
    ...rule('It must not be blank', 'Il ne doit pas être vide'),
    path: ['text'],
  })
  .meta({ id: 'SendMessage' });
export type SendMessage = z.output<typeof SendMessage>;

const seq = z.int().min(0);

export const ListMessages = z
  .strictObject({
    conversationId: objectId,
    before: seq.optional().describe('Only below this seq, the nearest first taken'),
    after: seq.optional().describe('Only above this seq, the nearest first taken'),
    around: seq.optional().describe('On both sides of this seq, itself included'),
    limit: z.int().min(1).max(100).default(50),
  })
  .refine(
    ({ before, after, around }) => [before, after, around].filter((one) => one !== undefined).length <= 1,
    rule('Give one of before, after and around', 'Donnez before, after ou around, un seul des trois'),
  )
  .meta({ id: 'ListMessages' });
export type ListMessages = z.output<typeof ListMessages>;

export const MessagePage = z
  .strictObject({ items: z.array(Message), hasMoreBefore: z.boolean(), hasMoreAfter: z.boolean() })
  .meta({ id: 'MessageWindow' });
export type MessagePage = z.infer<typeof MessagePage>;

const newText = text(0, 4000).describe('1-4,000 characters, not blank unless there are attachments');
const revision = z.int().min(0).optional().describe('The revision that was edited: 409 if there is a later one');

export const EditMessage = z.strictObject({ text: newText, revision }).meta({ id: 'EditMessage' });

export const EditMessageEvent = EditMessage.extend({ messageId: objectId }).meta({ id: 'EditMessageEvent' });

const scope = z.enum(['everyone', 'me']).default('everyone').describe('me hides it on the own devices alone');

export const DeleteMessage = z.strictObject({ scope }).meta({ id: 'DeleteMessage' });

export const DeleteMessageEvent = DeleteMessage.extend({ messageId: objectId }).meta({ id: 'DeleteMessageEvent' });

export const MessageReceipts = z
  .strictObject({ delivered: z.array(objectId).describe('The readers too'), read: z.array(objectId) })
  .meta({ id: 'MessageReceipts' });
export type MessageReceipts = z.infer<typeof MessageReceipts>;

export const MessageRevisions = z
  .strictObject({
    items: z.array(z.strictObject({ text: z.string(), editedAt: time.describe('When it was replaced') })),
  })
  .meta({ id: 'MessageRevisions' });
export type MessageRevisions = z.infer<typeof MessageRevisions>;

export const SearchMessages = page
  .extend({
    q: text(2, 64).describe(
      '2-64 characters: every word must occur, the last one as a beginning; accents and case count for nothing',
    ),
    conversationId: objectId.optional(),
    senderId: objectId.optional(),
  })
  .meta({ id: 'SearchMessages' });
export type SearchMessages = z.output<typeof SearchMessages>;

const Hit = z
  .strictObject({
    message: Message,
    ranges: z.array(z.tuple([z.int(), z.int()])).describe('Where in the text: start and end, in UTF-16 code units'),
  })
  .meta({ id: 'Hit' });

export const SearchResult = z
  .strictObject({ items: z.array(Hit), nextCursor: z.string().nullable() })
  .meta({ id: 'SearchResult' });
export type SearchResult = z.infer<typeof SearchResult>;

export const MessageParams = z.strictObject({ id: objectId });
