import type { SocketHandlers } from '../../kernel/socket-handler.js';
import type { Conversations } from './conversations.service.js';

/** Marking over a socket: the same service as over REST. */
export function conversationSockets({
  readPositions,
}: Conversations): SocketHandlers<'conversation:read' | 'conversation:delivered'> {
  return {
    'conversation:read': (actor, { conversationId, seq }) => readPositions.read(actor, conversationId, seq),
    'conversation:delivered': (actor, { conversationId, seq }) => readPositions.delivered(actor, conversationId, seq),
  };
}
