import { type Endpoint, endpoint, ok } from '../../kernel/endpoint.js';
import {
  ListReactions,
  MessageReactionParams,
  MessageReactions,
  ReactionList,
  ReactionParams,
} from '@causerie/contract/reactions';
import type { Reactions } from './reactions.service.js';

/** Reactions, under `/api/reactions`. */
export function reactionEndpoints(reactions: Reactions): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/:messageId/:emoji',
      summary: 'React to a message',
      description: 'Adding a reaction that exists already changes nothing. A message takes at most 20 different emoji.',
      limit: 'change',
      params: ReactionParams,
      returns: { 200: MessageReactions },
      handle: async ({ actor, params }) => ok(await reactions.add(actor, params)),
    }),
    endpoint({
      method: 'delete',
      path: '/:messageId/:emoji',
      summary: 'Remove a reaction',
      description: 'Removing a reaction that does not exist changes nothing.',
      limit: 'change',
      params: ReactionParams,
      returns: { 200: MessageReactions },
      handle: async ({ actor, params }) => ok(await reactions.remove(actor, params)),
    }),
    endpoint({
      method: 'get',
      path: '/:messageId',
      summary: 'List reactions',
      description: 'Who reacted to a message with which emoji, oldest first.',
      params: MessageReactionParams,
      query: ListReactions,
      returns: { 200: ReactionList },
      handle: async ({ actor, params, query }) => ok(await reactions.list(actor, params.messageId, query)),
    }),
  ];
}
