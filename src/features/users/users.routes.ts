import { type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import { Me, PublicUser, SetAvatar, SetStatus, UpdateProfile, UserParams } from '@causerie/contract/users';
import type { Users } from './users.service.js';

/** Profile, avatar and status of the caller. */
function shownEndpoints(users: Users): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/profile',
      summary: 'Update the profile',
      description: 'Changes the display name, username or bio. Fields that are left out do not change.',
      body: UpdateProfile,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await users.updateProfile(actor, body)),
    }),
    endpoint({
      method: 'put',
      path: '/avatar',
      summary: 'Set the avatar',
      body: SetAvatar,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await users.setAvatar(actor, body.uploadId)),
    }),
    endpoint({
      method: 'delete',
      path: '/avatar',
      summary: 'Remove the avatar',
      returns: { 200: Me },
      handle: async ({ actor }) => ok(await users.removeAvatar(actor)),
    }),
    endpoint({
      method: 'put',
      path: '/status',
      summary: 'Set the status',
      description: 'Replaces the whole status. Without an emoji and a text there is none.',
      body: SetStatus,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await users.setStatus(actor, body)),
    }),
    endpoint({
      method: 'delete',
      path: '/status',
      summary: 'Remove the status',
      returns: { 200: Me },
      handle: async ({ actor }) => ok(await users.setStatus(actor, null)),
    }),
  ];
}

/** The account of the caller and profiles of others, under `/api/users`. */
export function userEndpoints(users: Users): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/me',
      summary: 'Get the current user',
      returns: { 200: Me },
      handle: async ({ actor }) => ok(await users.me(actor.userId)),
    }),
    ...shownEndpoints(users),
    endpoint({
      method: 'get',
      path: '/:userId',
      summary: 'Get a user',
      params: UserParams,
      returns: { 200: PublicUser },
      handle: async ({ actor, params }) => ok(await users.profile(actor.userId, params.userId)),
    }),
  ];
}
