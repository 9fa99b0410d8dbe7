import type { SocketHandlers } from '../../kernel/socket-handler.js';
import type { Reactions } from './reactions.service.js';

export function reactionSockets(reactions: Reactions): SocketHandlers<'reaction:add' | 'reaction:remove'> {
  return {
    'reaction:add': (actor, input) => reactions.add(actor, input),
    'reaction:remove': (actor, input) => reactions.remove(actor, input),
  };
}
