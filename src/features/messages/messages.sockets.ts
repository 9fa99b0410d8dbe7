import type { SocketHandlers } from '../../kernel/socket-handler.js';
import type { Messages } from './messages.service.js';

export function messageSockets(messages: Messages): SocketHandlers<'message:send' | 'message:edit' | 'message:delete'> {
  return {
    'message:send': async (actor, input) => (await messages.send(actor, input)).message,
    'message:edit': (actor, input) => messages.edit(actor, input),
    'message:delete': (actor, { messageId, scope }) => messages.remove(actor, messageId, scope),
  };
}
