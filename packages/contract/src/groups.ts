import { z } from 'zod';
import { name, nextCursor, objectId, page, text, time } from './input.js';
import { roles } from './roles.js';
import { Conversation, CreateConversation } from './conversations.js';
import { UserRef } from './users.js';

export const Member = z
  .strictObject({
    user: UserRef,
    role: z.enum(roles).describe('Role of the member in the group'),
    joinedAt: time,
    invitedBy: objectId.nullable().describe('Id of the user who added this member; null for the creator'),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof Member>;

const title = name(1, 100).describe('Title of the group, 1-100 characters');
const description = text(0, 1000).describe('Description of the group, at most 1,000 characters');
const clientId = z
  .string()
  .regex(/^[\x20-\x7e]{1,64}$/)
  .describe(
    'Chosen by the client, 1-64 printable ASCII characters. Sending the same one again returns the group created first',
  );
/** Above any value of GROUP_MAX_MEMBERS, which sets the real limit. */
const max = 100_000;

export const CreateGroup = z
  .strictObject({
    title,
    description: description.optional(),
    memberIds: z.array(objectId).max(max).describe('Ids of the users to add, without the caller'),
    photoUploadId: objectId.optional().describe('Id of an upload with the purpose `group_photo`'),
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

/** Rate limit that opening a conversation counts against, in addition to the usual one. */
export const openingLimits = { direct: null, group: 'groups' } as const;

const Refused = z
  .strictObject({
    userId: objectId.describe('Id of the user who was not added'),
    code: z
      .enum(['not_contactable', 'not_found', 'conflict'])
      .describe(
        'Why: their privacy settings or a block do not allow it, there is no such user, or the group or their list of conversations is full',
      ),
  })
  .meta({ id: 'Refused' });
export type Refused = z.infer<typeof Refused>;

export const CreatedGroup = Conversation.extend({
  refused: z.array(Refused).describe('Users who could not be added'),
}).meta({ id: 'CreatedGroup' });
export type CreatedGroup = z.infer<typeof CreatedGroup>;

export const UpdateGroup = z
  .strictObject({ title: title.optional(), description: description.optional() })
  .meta({ id: 'UpdateGroup' });
export type UpdateGroup = z.output<typeof UpdateGroup>;

export const SetPhoto = z
  .strictObject({ uploadId: objectId.describe('Id of an upload with the purpose `group_photo`') })
  .meta({ id: 'SetPhoto' });

export const ListMembers = page.meta({ id: 'ListMembers' });
export type ListMembers = z.output<typeof ListMembers>;

export const MemberList = z.strictObject({ items: z.array(Member), nextCursor }).meta({ id: 'MemberList' });
export type MemberList = z.infer<typeof MemberList>;

export const AddMembers = z
  .strictObject({ userIds: z.array(objectId).min(1).max(100).describe('Ids of the users to add') })
  .meta({ id: 'AddMembers' });

export const AddedMembers = z
  .strictObject({
    added: z.array(Member).describe('The members added, and those who were members already'),
    refused: z.array(Refused).describe('Users who could not be added'),
  })
  .meta({ id: 'AddedMembers' });
export type AddedMembers = z.infer<typeof AddedMembers>;

export const SetRole = z
  .strictObject({ role: z.enum(roles).describe('The new role; must be below the role of the caller') })
  .meta({ id: 'SetRole' });

export const TransferGroup = z
  .strictObject({ userId: objectId.describe('Id of the member who becomes the creator') })
  .meta({ id: 'TransferGroup' });

export const GroupParams = z.strictObject({
  id: objectId.describe('Id of the group, which is that of its conversation'),
});
export const MemberParams = z.strictObject({
  id: objectId.describe('Id of the group, which is that of its conversation'),
  userId: objectId.describe('Id of the member'),
});

export const Opened = z.union([Conversation, CreatedGroup]).meta({ id: 'Opened' });
