/** The listening sockets of a store. */
import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Dispatcher } from '../commands/engine.js';
import { serve } from './connection.js';

export interface Listener {
  readonly close: () => Promise<void>;
}

interface Place {
  readonly socketPath: string;
  /** On 127.0.0.1, beside the socket; 0 for any free one. */
  readonly port: number | null;
}

const closing = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

function listening(server: Server, where: { path: string } | { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: 511 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Listens for clients and gives the port, if there is one. */
export async function listen(dispatcher: Dispatcher, place: Place): Promise<Listener & { port: number | null }> {
  const clients = new Set<Socket>();
  const open = (isPrivate: boolean): Server =>
    createServer((socket) => {
      clients.add(socket);
      dispatcher.metrics.connections = clients.size;
      socket.on('close', () => {
        clients.delete(socket);
        dispatcher.metrics.connections = clients.size;
      });
      serve({ socket, isPrivate }, dispatcher);
    });
  const own = open(true);
  const servers = [own];
  await listening(own, { path: place.socketPath });
  chmodSync(place.socketPath, 0o600);
  let port: number | null = null;
  if (place.port !== null) {
    const server = open(false);
    servers.push(server);
    await listening(server, { port: place.port, host: '127.0.0.1' });
    const address = server.address();
    port = address !== null && typeof address === 'object' ? address.port : null;
  }
  return {
    port,
    close: async () => {
      const closed = servers.map(closing);
      for (const client of clients) client.destroySoon();
      await Promise.all(closed);
    },
  };
}
