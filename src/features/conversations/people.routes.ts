import { type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import { Me, UpdatePrivacy, UserParams, UserRefList } from '@causerie/contract/users';
import { NamePeople } from '@causerie/contract/conversations';
import type { Conversations } from './conversations.service.js';

/** Blocking ends what two people write to each other; under `/api/contacts`. */
export function blockingEndpoints(conversations: Pick<Conversations, 'blocking'>): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/:userId/block',
      summary: 'Block somebody',
      description: 'When it is answered, nothing that he writes to the caller lands any more. He is not told.',
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
      summary: 'End a block',
      params: UserParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await conversations.blocking.unblock(actor, params.userId);
        return nothing();
      },
    }),
  ];
}

/** What of the own account and of other people follows from conversations; under `/api/users`. */
export function companyEndpoints(conversations: Pick<Conversations, 'privacy' | 'namesOf'>): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/privacy',
      summary: 'Change the own privacy',
      description: 'What is left out stays as it is. In every setting `contacts` are those whom its owner has added.',
      body: UpdatePrivacy,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await conversations.privacy.set(actor, body)),
    }),
    endpoint({
      method: 'get',
      path: '/',
      summary: 'Name people by their ids',
      description: 'Those with whom the caller shares neither a conversation nor a contact are left out.',
      query: NamePeople,
      returns: { 200: UserRefList },
      handle: async ({ actor, query }) => ok(await conversations.namesOf(actor, query.ids)),
    }),
  ];
}
