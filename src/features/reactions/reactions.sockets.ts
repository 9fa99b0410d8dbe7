import type { SocketHandlers } from '../../kernel/socket-handler.js';
import type { Reactions } from './reactions.service.js';

/** Reactions over a socket: the same service as over REST. */
export function reactionSockets(reactions: Reactions): SocketHandlers<'reaction:add' | 'reaction:remove'> {
  return {
    'reaction:add': (actor, input) => reactions.add(actor, input),
    'reaction:remove': (actor, input) => reactions.remove(actor, input),
  };
}
