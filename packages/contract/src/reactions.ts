import { z } from 'zod';
import { emoji } from './emoji.js';
import { objectId, page, time } from './input.js';
import { Reaction } from './message.js';
import { UserRef } from './users.js';

export const ReactionParams = z.strictObject({ messageId: objectId, emoji });

export const MessageReactionParams = z.strictObject({ messageId: objectId });

export const React = z.strictObject({ messageId: objectId, emoji }).meta({ id: 'React' });
export type React = z.output<typeof React>;

export const MessageReactions = z
  .strictObject({ messageId: objectId, rev: z.int(), reactions: z.array(Reaction) })
  .meta({ id: 'MessageReactions' });
export type MessageReactions = z.infer<typeof MessageReactions>;

export const ListReactions = page.meta({ id: 'ListReactions' });
export type ListReactions = z.output<typeof ListReactions>;

export const ReactionList = z
  .strictObject({
    items: z.array(z.strictObject({ emoji: z.string(), user: UserRef, createdAt: time })),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'ReactionList' });
export type ReactionList = z.infer<typeof ReactionList>;
