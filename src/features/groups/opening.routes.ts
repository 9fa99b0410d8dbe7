import { type Endpoint, endpoint, made } from '../../kernel/endpoint.js';
import { OpenConversation, openingLimits, Opened } from '@causerie/contract/groups';
import type { Groups } from './groups.service.js';

/** Creation of direct conversations and groups, under `/api/conversations`. */
export function openingEndpoints(groups: Pick<Groups, 'open'>): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Create a conversation',
      description:
        'Opens a direct conversation or creates a group. There is one direct conversation per pair of users: the answer is 201 if it is new, and 200 with the existing one otherwise. The conversation with oneself is for saved messages. A user can be in at most 5,000 conversations; one more is a `conflict`.',
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
