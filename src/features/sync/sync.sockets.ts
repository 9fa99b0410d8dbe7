import type { SocketHandlers } from '../../kernel/socket-handler.js';
import type { Sync } from './sync.service.js';

/** The sync over a socket, by the same use case as over HTTP. */
export function syncSockets(sync: Sync): SocketHandlers<'sync'> {
  return { sync: (actor, request) => sync.since(actor, request) };
}
