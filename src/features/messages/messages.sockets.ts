import type { SocketHandlers } from '../../realtime/handler.js';
import type { Messages } from './messages.service.js';

/** Sending over a socket: the same service as over REST. */
export function messageSockets(messages: Messages): SocketHandlers<'message:send'> {
  return {
    'message:send': async (actor, input) => (await messages.send(actor, input)).message,
  };
}
