import { z } from 'zod';
import { emoji } from './emoji.js';
import { nextCursor, objectId, page, time } from './input.js';
import { Reaction } from './message.js';
import { UserRef } from './users.js';

export const ReactionParams = z.strictObject({
  messageId: objectId.describe('Id of the message'),
  emoji: emoji.describe('Exactly one emoji, percent-encoded'),
});

export const MessageReactionParams = z.strictObject({ messageId: objectId.describe('Id of the message') });

export const React = z.strictObject({ messageId: objectId.describe('Id of the message'), emoji }).meta({ id: 'React' });
export type React = z.output<typeof React>;

export const MessageReactions = z
  .strictObject({
    messageId: objectId.describe('Id of the message'),
    rev: z.int().describe('`rev` of the message after this change'),
    reactions: z.array(Reaction).describe('All reactions to the message, one entry for each emoji'),
  })
  .meta({ id: 'MessageReactions' });
export type MessageReactions = z.infer<typeof MessageReactions>;

export const ListReactions = page.meta({ id: 'ListReactions' });
export type ListReactions = z.output<typeof ListReactions>;

export const ReactionList = z
  .strictObject({
    items: z.array(z.strictObject({ emoji: z.string(), user: UserRef, createdAt: time })),
    nextCursor,
  })
  .meta({ id: 'ReactionList' });
export type ReactionList = z.infer<typeof ReactionList>;
