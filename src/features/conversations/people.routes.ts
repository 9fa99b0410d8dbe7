import { type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import { Me, UpdatePrivacy, UserParams, UserRefList } from '@causerie/contract/users';
import { NamePeople } from '@causerie/contract/conversations';
import type { Conversations } from './conversations.service.js';

/** Blocks, under `/api/contacts`. */
export function blockingEndpoints(conversations: Pick<Conversations, 'blocking'>): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/:userId/block',
      summary: 'Block a user',
      description:
        'Once this is answered, no direct message of the blocked user is accepted any more. The user is not notified.',
      params: UserParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await conversations.blocking.block(actor, params.userId);
        return nothing();
      },
    }),
    endpoint({
      method: 'delete',
      path: '/:userId/block',
      summary: 'Unblock a user',
      params: UserParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await conversations.blocking.unblock(actor, params.userId);
        return nothing();
      },
    }),
  ];
}

/** Parts of `/api/users` that depend on conversations. */
export function companyEndpoints(conversations: Pick<Conversations, 'privacy' | 'namesOf'>): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/privacy',
      summary: 'Update privacy settings',
      description:
        'Fields that are left out do not change. `contacts` means the people whom the caller has added as contacts.',
      body: UpdatePrivacy,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await conversations.privacy.set(actor, body)),
    }),
    endpoint({
      method: 'get',
      path: '/',
      summary: 'Get users by ids',
      description: 'Users with whom the caller shares neither a conversation nor a contact are left out.',
      query: NamePeople,
      returns: { 200: UserRefList },
      handle: async ({ actor, query }) => ok(await conversations.namesOf(actor, query.ids)),
    }),
  ];
}
