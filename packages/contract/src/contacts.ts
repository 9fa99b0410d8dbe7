import { z } from 'zod';
import { name, nextCursor, objectId, page, rule, text, time } from './input.js';
import { PublicUser, username } from './users.js';

export const Contact = z
  .strictObject({
    user: PublicUser,
    alias: z.string().nullable().describe('Name that the caller has given this contact; null if there is none'),
    createdAt: time,
  })
  .meta({ id: 'Contact' });
export type Contact = z.infer<typeof Contact>;

export const ContactList = z.strictObject({ items: z.array(Contact), nextCursor }).meta({ id: 'ContactList' });
export type ContactList = z.infer<typeof ContactList>;

export const ListContacts = page
  .extend({ q: text(1, 64).optional().describe('Only contacts whose alias, name or username contains this text') })
  .meta({ id: 'ListContacts' });
export type ListContacts = z.output<typeof ListContacts>;

const alias = name(1, 64)
  .nullable()
  .describe('Name that only the caller sees for this contact, 1-64 characters; null for none');

export const AddContact = z
  .strictObject({
    userId: objectId.optional().describe('Id of the user; give either this or `username`'),
    username: username.optional().describe('Username of the user; give either this or `userId`'),
    alias: alias.optional(),
  })
  .refine(
    (given) => (given.userId === undefined) !== (given.username === undefined),
    rule('Give either userId or username', 'Indiquez soit userId, soit username'),
  )
  .meta({ id: 'AddContact' });
export type AddContact = z.output<typeof AddContact>;

export const UpdateContact = z.strictObject({ alias }).meta({ id: 'UpdateContact' });
