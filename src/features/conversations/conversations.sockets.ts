import type { SocketHandlers } from '../../kernel/socket-handler.js';
import type { Conversations } from './conversations.service.js';

export function conversationSockets({
  markRead,
  markDelivered,
}: Conversations): SocketHandlers<'conversation:read' | 'conversation:delivered'> {
  return {
    'conversation:read': (actor, { conversationId, seq }) => markRead(actor, conversationId, seq),
    'conversation:delivered': (actor, { conversationId, seq }) => markDelivered(actor, conversationId, seq),
  };
}
