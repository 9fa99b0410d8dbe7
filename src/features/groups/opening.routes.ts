import { type Endpoint, endpoint, made } from '../../kernel/endpoint.js';
import { OpenConversation, openingLimits, Opened } from '@causerie/contract/groups';
import type { Groups } from './groups.service.js';

/** Opening conversations of either type, under `/api/conversations`. */
export function openingEndpoints(groups: Pick<Groups, 'open'>): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Open a direct conversation, or make a group',
      description:
        'There is one direct conversation per pair: 201 if it is new, 200 with the one that exists. With oneself it holds saved messages. Nobody is in more than 5,000 conversations: a new one is then a `conflict`.',
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
