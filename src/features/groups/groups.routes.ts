import { type Endpoint, endpoint, made, nothing, ok } from '../../kernel/endpoint.js';
import { Conversation } from '@causerie/contract/conversations';
import {
  AddedMembers,
  AddMembers,
  CreatedGroup,
  CreateGroup,
  GroupParams,
  ListMembers,
  Member,
  MemberList,
  MemberParams,
  OpenConversation,
  Opened,
  openingLimits,
  SetPhoto,
  SetRole,
  TransferGroup,
  UpdateGroup,
} from '@causerie/contract/groups';
import type { Groups } from './groups.service.js';

function memberEndpoints(groups: Groups): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/:id/members',
      summary: 'List members',
      description: 'The creator first, then by role, then by the time of joining.',
      params: GroupParams,
      query: ListMembers,
      returns: { 200: MemberList },
      handle: async ({ actor, params, query }) => ok(await groups.members(actor, params.id, query)),
    }),
    endpoint({
      method: 'post',
      path: '/:id/members',
      summary: 'Add members',
      description:
        'Users who cannot be added are listed in `refused`. Users who are members already are listed in `added`, unchanged.',
      limit: 'groups',
      params: GroupParams,
      body: AddMembers,
      returns: { 200: AddedMembers },
      handle: async ({ actor, params, body }) => ok(await groups.add(actor, params.id, body.userIds)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id/members/:userId',
      summary: 'Remove a member',
      description: 'Only members of a lower rank can be removed.',
      params: MemberParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await groups.remove(actor, params.id, params.userId);
        return nothing();
      },
    }),
    endpoint({
      method: 'patch',
      path: '/:id/members/:userId',
      summary: 'Change the role of a member',
      description:
        'Members can change only lower ranks, and grant only roles below their own. Members can lower their own role.',
      params: MemberParams,
      body: SetRole,
      returns: { 200: Member },
      handle: async ({ actor, params, body }) =>
        ok(await groups.setRole(actor, params.id, { userId: params.userId, role: body.role })),
    }),
  ];
}

function ownershipEndpoints(groups: Groups): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/:id/leave',
      summary: 'Leave a group',
      description:
        'When the creator leaves, the longest-serving member of the highest rank becomes the creator. A group without members is deleted.',
      params: GroupParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await groups.leave(actor.userId, params.id);
        return nothing();
      },
    }),
    endpoint({
      method: 'post',
      path: '/:id/transfer',
      summary: 'Transfer a group',
      description: 'Makes another member the creator. The former creator becomes an admin.',
      params: GroupParams,
      body: TransferGroup,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await groups.transfer(actor, params.id, body.userId)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Delete a group',
      description: 'Deletes the group with all its messages, for every member.',
      params: GroupParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await groups.delete(actor, params.id);
        return nothing();
      },
    }),
  ];
}

/** Creation of direct conversations and groups, under `/api/conversations`. */
export function openingEndpoints(groups: Pick<Groups, 'open'>): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Create a conversation',
      description:
        'Opens a direct conversation or creates a group. There is one direct conversation per pair of users: the response is 201 if it is new, and 200 with the existing one otherwise. The conversation with oneself is for saved messages. A user can be in at most 5,000 conversations; one more is a `conflict`.',
      body: OpenConversation,
      limitOf: ({ type }) => openingLimits[type],
      returns: { 200: Opened, 201: Opened },
      handle: async ({ actor, body }) => {
        const { conversation, isNew } = await groups.open(actor, body);
        return made(conversation, isNew);
      },
    }),
  ];
}

/** Groups, under `/api/groups`. */
export function groupEndpoints(groups: Groups): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Create a group',
      description:
        'Users who cannot be added are listed in `refused`. Sending the same `clientId` again returns the group created first, with 200.',
      limit: 'groups',
      body: CreateGroup,
      returns: { 200: CreatedGroup, 201: CreatedGroup },
      handle: async ({ actor, body }) => {
        const { group, isNew } = await groups.create(actor, body);
        return made(group, isNew);
      },
    }),
    endpoint({
      method: 'get',
      path: '/:id',
      summary: 'Get a group',
      params: GroupParams,
      returns: { 200: Conversation },
      handle: async ({ actor, params }) => ok(await groups.get(actor, params.id)),
    }),
    endpoint({
      method: 'patch',
      path: '/:id',
      summary: 'Update a group',
      description: 'Changes the title, the description or both. Fields that are left out do not change.',
      params: GroupParams,
      body: UpdateGroup,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await groups.update(actor, params.id, body)),
    }),
    endpoint({
      method: 'put',
      path: '/:id/photo',
      summary: 'Set the photo of a group',
      params: GroupParams,
      body: SetPhoto,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await groups.setPhoto(actor, params.id, body.uploadId)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id/photo',
      summary: 'Remove the photo of a group',
      params: GroupParams,
      returns: { 200: Conversation },
      handle: async ({ actor, params }) => ok(await groups.removePhoto(actor, params.id)),
    }),
    ...memberEndpoints(groups),
    ...ownershipEndpoints(groups),
  ];
}
