import { z } from 'zod';
import { name, objectId, page, text, time } from './input.js';
import { roles } from './roles.js';
import { Conversation, CreateConversation } from './conversations.js';
import { UserRef } from './users.js';

export const Member = z
  .strictObject({
    user: UserRef,
    role: z.enum(roles),
    joinedAt: time,
    invitedBy: objectId.nullable(),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof Member>;

const title = name(1, 100).describe('1-100 characters');
const description = text(0, 1000).describe('At most 1,000 characters');
const clientId = z
  .string()
  .regex(/^[\x20-\x7e]{1,64}$/)
  .describe('1-64 printable ASCII characters: the same one again gets the first group');
/** More than any setting allows: what is above the setting is refused by it. */
const max = 100_000;

export const CreateGroup = z
  .strictObject({
    title,
    description: description.optional(),
    memberIds: z.array(objectId).max(max),
    photoUploadId: objectId.optional(),
    clientId: clientId.optional(),
  })
  .meta({ id: 'CreateGroup' });
export type CreateGroup = z.output<typeof CreateGroup>;

const CreateGroupConversation = CreateGroup.extend({ type: z.literal('group') }).meta({
  id: 'CreateGroupConversation',
});

export const OpenConversation = z
  .discriminatedUnion('type', [CreateConversation, CreateGroupConversation])
  .meta({ id: 'OpenConversation' });
export type OpenConversation = z.output<typeof OpenConversation>;

/** The budget beside the usual one that opening a conversation is paid from. */
export const openingLimits = { direct: null, group: 'groups' } as const;

const Refused = z
  .strictObject({ userId: objectId, code: z.enum(['not_contactable', 'not_found', 'conflict']) })
  .meta({ id: 'Refused' });
export type Refused = z.infer<typeof Refused>;

export const CreatedGroup = Conversation.extend({ refused: z.array(Refused) }).meta({ id: 'CreatedGroup' });
export type CreatedGroup = z.infer<typeof CreatedGroup>;

export const UpdateGroup = z
  .strictObject({ title: title.optional(), description: description.optional() })
  .meta({ id: 'UpdateGroup' });
export type UpdateGroup = z.output<typeof UpdateGroup>;

export const SetPhoto = z.strictObject({ uploadId: objectId }).meta({ id: 'SetPhoto' });

export const ListMembers = page.meta({ id: 'ListMembers' });
export type ListMembers = z.output<typeof ListMembers>;

export const MemberList = z
  .strictObject({ items: z.array(Member), nextCursor: z.string().nullable() })
  .meta({ id: 'MemberList' });
export type MemberList = z.infer<typeof MemberList>;

export const AddMembers = z.strictObject({ userIds: z.array(objectId).min(1).max(100) }).meta({ id: 'AddMembers' });

export const AddedMembers = z
  .strictObject({ added: z.array(Member), refused: z.array(Refused) })
  .meta({ id: 'AddedMembers' });
export type AddedMembers = z.infer<typeof AddedMembers>;

export const SetRole = z.strictObject({ role: z.enum(roles) }).meta({ id: 'SetRole' });

export const TransferGroup = z.strictObject({ userId: objectId }).meta({ id: 'TransferGroup' });

export const GroupParams = z.strictObject({ id: objectId });
export const MemberParams = z.strictObject({ id: objectId, userId: objectId });

export const Opened = z.union([Conversation, CreatedGroup]).meta({ id: 'Opened' });
