import type { SocketHandlers } from '../../kernel/socket-handler.js';
import type { Sync } from './sync.service.js';

/** Catching up over a socket: the same service as over REST. */
export function syncSockets(sync: Sync): SocketHandlers<'sync'> {
  return { sync: (actor, request) => sync.since(actor, request) };
}
