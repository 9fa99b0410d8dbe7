import { z } from 'zod';
import { emoji } from './emoji.js';
import { name, objectId, rule, text, time, timeInput } from './input.js';
import { ImageRef } from './media.js';

export const UserRef = z
  .strictObject({
    id: objectId,
    username: z.string().nullable().describe('null once the account is deleted'),
    displayName: z.string(),
    avatar: ImageRef.nullable(),
    deleted: z.boolean(),
  })
  .meta({ id: 'UserRef' });
export type UserRef = z.infer<typeof UserRef>;

export const Status = z
  .strictObject({ emoji: z.string().nullable(), text: z.string().nullable(), expiresAt: time.nullable() })
  .meta({ id: 'Status' });
export type Status = z.infer<typeof Status>;

const Presence = z
  .strictObject({ online: z.boolean(), lastSeenAt: time.nullable().describe('null while online') })
  .meta({ id: 'Presence' });
export type Presence = z.infer<typeof Presence>;

export const PublicUser = UserRef.extend({
  bio: z.string(),
  status: Status.nullable(),
  presence: Presence.nullable().describe('null for who may not know'),
}).meta({ id: 'PublicUser' });
export type PublicUser = z.infer<typeof PublicUser>;

const Privacy = z
  .strictObject({
    lastSeen: z.enum(['everyone', 'contacts', 'nobody']),
    readReceipts: z.boolean(),
    directMessages: z.enum(['everyone', 'contacts']),
    groupInvites: z.enum(['everyone', 'contacts']),
    findByEmail: z.boolean(),
  })
  .meta({ id: 'Privacy' });
export type Privacy = z.infer<typeof Privacy>;

export const Me = UserRef.extend({
  email: z.string(),
  emailVerified: z.boolean(),
  bio: z.string(),
  status: Status.nullable(),
  privacy: Privacy,
  createdAt: time,
}).meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

/** 3-32 of `a-z 0-9 _ .`; upper case is taken and folded. */
export const username = z
  .string()
  .regex(/^[A-Za-z0-9_.]{3,32}$/)
  .toLowerCase()
  .describe('3-32 of a-z, 0-9, _ and . (upper case is folded)');

/** An e-mail address as it was given; `emailKey` makes the form that is unique. */
export const email = z.email().max(254);

export const displayName = name(1, 64);

export const UpdateProfile = z
  .strictObject({ displayName: displayName.optional(), username: username.optional(), bio: text(0, 500).optional() })
  .meta({ id: 'UpdateProfile' });
export type UpdateProfile = z.infer<typeof UpdateProfile>;

export const SetAvatar = z.strictObject({ uploadId: objectId }).meta({ id: 'SetAvatar' });

export const SetStatus = z
  .strictObject({
    emoji: emoji.nullable().default(null),
    text: text(0, 100).nullable().default(null),
    expiresAt: timeInput
      .refine(
        (value) => Date.parse(value) > Date.now(),
        rule('It must be a time to come', 'Ce moment doit être à venir'),
      )
      .nullable()
      .default(null)
      .describe('When it ends by itself'),
  })
  .meta({ id: 'SetStatus' });
export type SetStatus = z.output<typeof SetStatus>;

export const UpdatePrivacy = Privacy.partial().meta({ id: 'UpdatePrivacy' });
export type UpdatePrivacy = z.output<typeof UpdatePrivacy>;

export const SearchDirectory = z
  .strictObject({
    q: text(2, 64).describe('The beginning of a username or of a word in a name, or a whole e-mail address'),
  })
  .meta({ id: 'SearchDirectory' });

export const PublicUserList = z.strictObject({ items: z.array(PublicUser) }).meta({ id: 'PublicUserList' });

export const UserRefList = z.strictObject({ items: z.array(UserRef) }).meta({ id: 'UserRefList' });
export type UserRefList = z.infer<typeof UserRefList>;

export const UserParams = z.strictObject({ userId: objectId });
