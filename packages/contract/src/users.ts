import { z } from 'zod';
import { emoji } from './emoji.js';
import { name, objectId, rule, text, time, timeInput } from './input.js';
import { ImageRef } from './media.js';

export const UserRef = z
  .strictObject({
    id: objectId,
    username: z.string().nullable().describe('null once the account is deleted'),
    displayName: z.string().describe('Name shown to others; "Deleted account" once the account is deleted'),
    avatar: ImageRef.nullable().describe('Profile picture; null if there is none'),
    deleted: z.boolean().describe('Whether the account is deleted'),
  })
  .meta({ id: 'UserRef' });
export type UserRef = z.infer<typeof UserRef>;

export const Status = z
  .strictObject({
    emoji: z.string().nullable().describe('Emoji of the status; null if there is none'),
    text: z.string().nullable().describe('Text of the status; null if there is none'),
    expiresAt: time.nullable().describe('When the status is removed; null if it stays'),
  })
  .meta({ id: 'Status' });
export type Status = z.infer<typeof Status>;

const Presence = z
  .strictObject({
    online: z.boolean().describe('Whether the user has a connected socket'),
    lastSeenAt: time.nullable().describe('When the user was last online; null while online, and if it is unknown'),
  })
  .meta({ id: 'Presence' });
export type Presence = z.infer<typeof Presence>;

export const PublicUser = UserRef.extend({
  bio: z.string().describe('Text about the user, at most 500 characters'),
  status: Status.nullable().describe('Current status; null if there is none'),
  presence: Presence.nullable().describe(
    'Whether the user is online, and since when not; null if the caller may not see it',
  ),
}).meta({ id: 'PublicUser' });
export type PublicUser = z.infer<typeof PublicUser>;

const Privacy = z
  .strictObject({
    lastSeen: z
      .enum(['everyone', 'contacts', 'nobody'])
      .describe('Who sees whether, and when last, the user is online'),
    readReceipts: z.boolean().describe('Show others what one has read; if off, one does not see it of others either'),
    directMessages: z.enum(['everyone', 'contacts']).describe('Who may send direct messages to the user'),
    groupInvites: z.enum(['everyone', 'contacts']).describe('Who may add the user to groups'),
    findByEmail: z.boolean().describe('Whether the user can be found by their email address'),
  })
  .meta({
    id: 'Privacy',
    description: 'Privacy settings; `contacts` are the people whom the user has added as contacts',
  });
export type Privacy = z.infer<typeof Privacy>;

export const Me = UserRef.extend({
  email: z.string().describe('Email address'),
  emailVerified: z.boolean().describe('Whether the address was confirmed by the link sent to it'),
  bio: z.string().describe('Text about the user, at most 500 characters'),
  status: Status.nullable().describe('Current status; null if there is none'),
  privacy: Privacy,
  createdAt: time,
}).meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

/** A username: 3-32 of `a-z 0-9 _ .`; upper case is accepted and lowercased. */
export const username = z
  .string()
  .regex(/^[A-Za-z0-9_.]{3,32}$/)
  .toLowerCase()
  .describe('3-32 characters: a-z, 0-9, _ and . (upper case is lowercased)');

/** An email address as given; the server derives the form that must be unique from it. */
export const email = z.email().max(254).describe('Email address');

export const displayName = name(1, 64);

export const UpdateProfile = z
  .strictObject({
    displayName: displayName.optional().describe('Name shown to others, 1-64 characters'),
    username: username.optional(),
    bio: text(0, 500).optional().describe('Text about the user, at most 500 characters'),
  })
  .meta({ id: 'UpdateProfile' });
export type UpdateProfile = z.infer<typeof UpdateProfile>;

export const SetAvatar = z
  .strictObject({ uploadId: objectId.describe('Id of an upload with the purpose `avatar`') })
  .meta({ id: 'SetAvatar' });

export const SetStatus = z
  .strictObject({
    emoji: emoji.nullable().default(null).describe('Exactly one emoji; null for none'),
    text: text(0, 100).nullable().default(null).describe('At most 100 characters; null for none'),
    expiresAt: timeInput
      .refine((value) => Date.parse(value) > Date.now(), rule('Must be in the future', 'Doit être dans le futur'))
      .nullable()
      .default(null)
      .describe('When the status is removed; null to keep it'),
  })
  .meta({ id: 'SetStatus' });
export type SetStatus = z.output<typeof SetStatus>;

export const UpdatePrivacy = Privacy.partial().meta({ id: 'UpdatePrivacy' });
export type UpdatePrivacy = z.output<typeof UpdatePrivacy>;

export const SearchDirectory = z
  .strictObject({
    q: text(2, 64).describe(
      'Prefix of a username or of a word in a name, or a complete email address; 2-64 characters',
    ),
  })
  .meta({ id: 'SearchDirectory' });

export const PublicUserList = z.strictObject({ items: z.array(PublicUser) }).meta({ id: 'PublicUserList' });

export const UserRefList = z.strictObject({ items: z.array(UserRef) }).meta({ id: 'UserRefList' });
export type UserRefList = z.infer<typeof UserRefList>;

export const UserParams = z.strictObject({ userId: objectId.describe('Id of the user') });
