/** The listening sockets of a store. */
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Dispatcher } from '../commands/dispatcher.js';
import { serveClient } from './connection.js';

export interface Listener {
  /** The port on 127.0.0.1, if there is one. */
  port: number | null;
  close(): Promise<void>;
}

interface ListenOptions {
  socketPath: string;
  /** A port on 127.0.0.1 in addition to the socket; 0 for any free one. */
  port: number | null;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function bind(server: Server, address: { path: string } | { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, backlog: 511 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number | null {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : null;
}

/** Listens for clients on the private socket, and on a port if one is given. */
export async function listen(dispatcher: Dispatcher, { socketPath, port }: ListenOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const countConnections = (): void => dispatcher.metrics.setConnections(sockets.size);

  function createListener(isPrivate: boolean): Server {
    return createServer((socket) => {
      sockets.add(socket);
      countConnections();
      socket.on('close', () => {
        sockets.delete(socket);
        countConnections();
      });
      serveClient({ socket, isPrivate }, dispatcher);
    });
  }

  const privateServer = createListener(true);
  const servers = [privateServer];
  await bind(privateServer, { path: socketPath });
  chmodSync(socketPath, 0o600);
  if (port !== null) {
    const openServer = createListener(false);
    servers.push(openServer);
    await bind(openServer, { port, host: '127.0.0.1' });
  }
  return {
    port: servers[1] ? portOf(servers[1]) : null,
    async close() {
      const closed = servers.map(closeServer);
      for (const socket of sockets) socket.destroySoon();
      await Promise.all(closed);
    },
  };
}
