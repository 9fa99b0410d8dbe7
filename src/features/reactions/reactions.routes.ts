import { type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import {
  ListReactions,
  MessageReactionParams,
  MessageReactions,
  ReactionList,
  ReactionParams,
} from '@causerie/contract/reactions';
import type { Reactions } from './reactions.service.js';

/** Reactions to messages, under `/api/reactions`. */
export function reactionEndpoints(reactions: Reactions): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/:messageId/:emoji',
      summary: 'React to a message',
      description: 'Adding what is there changes nothing. At most 20 different emoji for a message.',
      limit: 'change',
      params: ReactionParams,
      returns: { 200: MessageReactions },
      handle: async ({ actor, params }) => ok(await reactions.add(actor, params)),
    }),
    endpoint({
      method: 'delete',
      path: '/:messageId/:emoji',
      summary: 'Take a reaction away',
      description: 'Taking away what is not there changes nothing.',
      limit: 'change',
      params: ReactionParams,
      returns: { 200: MessageReactions },
      handle: async ({ actor, params }) => ok(await reactions.remove(actor, params)),
    }),
    endpoint({
      method: 'get',
      path: '/:messageId',
      summary: 'List who has reacted',
      description: 'In the order of reacting.',
      params: MessageReactionParams,
      query: ListReactions,
      returns: { 200: ReactionList },
      handle: async ({ actor, params, query }) => ok(await reactions.list(actor, params.messageId, query)),
    }),
  ];
}
