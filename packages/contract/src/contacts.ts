import { z } from 'zod';
import { name, objectId, page, rule, text, time } from './input.js';
import { PublicUser, username } from './users.js';

export const Contact = z
  .strictObject({ user: PublicUser, alias: z.string().nullable(), createdAt: time })
  .meta({ id: 'Contact' });
export type Contact = z.infer<typeof Contact>;

export const ContactList = z
  .strictObject({ items: z.array(Contact), nextCursor: z.string().nullable() })
  .meta({ id: 'ContactList' });
export type ContactList = z.infer<typeof ContactList>;

export const ListContacts = page
  .extend({ q: text(1, 64).optional().describe('Only those with this in their alias, name or username') })
  .meta({ id: 'ListContacts' });
export type ListContacts = z.output<typeof ListContacts>;

const alias = name(1, 64).nullable().describe('What the caller calls this person; null for nothing of his own');

export const AddContact = z
  .strictObject({ userId: objectId.optional(), username: username.optional(), alias: alias.optional() })
  .refine(
    (given) => (given.userId === undefined) !== (given.username === undefined),
    rule('Either userId or username', 'Soit userId, soit username'),
  )
  .meta({ id: 'AddContact' });
export type AddContact = z.output<typeof AddContact>;

export const UpdateContact = z.strictObject({ alias }).meta({ id: 'UpdateContact' });
