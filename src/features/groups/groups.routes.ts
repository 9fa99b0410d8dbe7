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
      summary: 'List the members of a group',
      description: 'The creator first, then by role, then by joining.',
      params: GroupParams,
      query: ListMembers,
      returns: { 200: MemberList },
      handle: async ({ actor, params, query }) => ok(await groups.members(actor, params.id, query)),
    }),
    endpoint({
      method: 'post',
      path: '/:id/members',
      summary: 'Add people to a group',
      description: 'Who may not be added is named in `refused`; who is in already comes back in `added`.',
      limit: 'groups',
      params: GroupParams,
      body: AddMembers,
      returns: { 200: AddedMembers },
      handle: async ({ actor, params, body }) => ok(await groups.add(actor, params.id, body.userIds)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id/members/:userId',
      summary: 'Remove somebody of a lower rank from a group',
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
      summary: 'Give somebody another role in a group',
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
      description: 'When its creator leaves, the longest-serving of the highest rank becomes creator.',
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
      summary: 'Make another member the creator of a group',
      params: GroupParams,
      body: TransferGroup,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await groups.transfer(actor, params.id, body.userId)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Delete a group with all that is in it',
      params: GroupParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await groups.delete(actor, params.id);
        return nothing();
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
      summary: 'Make a group',
      description: 'The same clientId again gets the first group with 200.',
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
      summary: 'Change the title or the description of a group',
      params: GroupParams,
      body: UpdateGroup,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await groups.update(actor, params.id, body)),
    }),
    endpoint({
      method: 'put',
      path: '/:id/photo',
      summary: 'Give a group a photo',
      params: GroupParams,
      body: SetPhoto,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await groups.setPhoto(actor, params.id, body.uploadId)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id/photo',
      summary: 'Take the photo of a group away',
      params: GroupParams,
      returns: { 200: Conversation },
      handle: async ({ actor, params }) => ok(await groups.removePhoto(actor, params.id)),
    }),
    ...memberEndpoints(groups),
    ...ownershipEndpoints(groups),
  ];
}
