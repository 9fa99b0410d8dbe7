import { type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import { Me, PublicUser, SetAvatar, SetStatus, UpdateProfile, UserParams } from '@causerie/contract/users';
import type { Users } from './users.service.js';

/** What a person shows of himself. */
function shownEndpoints(users: Users): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/profile',
      summary: 'Change name, username or bio',
      description: 'What is left out stays as it is.',
      body: UpdateProfile,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await users.updateProfile(actor, body)),
    }),
    endpoint({
      method: 'put',
      path: '/avatar',
      summary: 'Show a picture of oneself',
      body: SetAvatar,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await users.setAvatar(actor, body.uploadId)),
    }),
    endpoint({
      method: 'delete',
      path: '/avatar',
      summary: 'Show no picture any more',
      returns: { 200: Me },
      handle: async ({ actor }) => ok(await users.removeAvatar(actor)),
    }),
    endpoint({
      method: 'put',
      path: '/status',
      summary: 'Say something of oneself',
      description: 'Replaces the whole status; without emoji and text there is none.',
      body: SetStatus,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await users.setStatus(actor, body)),
    }),
    endpoint({
      method: 'delete',
      path: '/status',
      summary: 'Say nothing any more',
      returns: { 200: Me },
      handle: async ({ actor }) => ok(await users.setStatus(actor, null)),
    }),
  ];
}

/** The own account and other people's profiles, under `/api/users`. */
export function userEndpoints(users: Users): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/me',
      summary: 'Get the own account',
      returns: { 200: Me },
      handle: async ({ actor }) => ok(await users.me(actor.userId)),
    }),
    ...shownEndpoints(users),
    endpoint({
      method: 'get',
      path: '/:userId',
      summary: 'Get a profile',
      params: UserParams,
      returns: { 200: PublicUser },
      handle: async ({ actor, params }) => ok(await users.profile(actor.userId, params.userId)),
    }),
  ];
}
