import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { onCleanup, temporaryFolder } from './cleanup.js';

/** Where a stream listens: a socket file or a port of this machine. */
export type Place = { path: string } | { port: number };

/** What goes wrong with the connections through the proxy. */
export interface Fault {
  /** Closes new connections at once. */
  refuse?: boolean;
  /** Accepts all bytes and forwards none, in either direction. */
  blackhole?: boolean;
  /** Forwards requests and drops the replies, so that the client does not know the outcome. */
  dropReplies?: boolean;
  /** Delays each chunk by this long, in both directions. */
  latencyMs?: number;
  /** Cuts a connection after this many bytes of replies. */
  cutAfterReplyBytes?: number;
}

export interface Proxy {
  port: number | null;
  socketPath: string | null;
  /** Applies from now on, to open connections too; `{}` ends all faults. */
  set(fault: Fault): void;
  /** Cuts all open connections. */
  cut(): void;
  connections(): number;
  stop(): Promise<void>;
}

/** A connection that lost bytes cannot continue once the fault ends, so it is closed then. */
function losesBytes(fault: Fault): boolean {
  return fault.blackhole === true || fault.dropReplies === true;
}

/** Starts a fault proxy in front of a server: on a socket file if the target is one, otherwise on a free port. */
export async function startProxy(target: Place): Promise<Proxy> {
  let fault: Fault = {};
  const pairs = new Set<{ near: Socket; far: Socket; torn: boolean }>();

  const server = createServer((near) => {
    near.on('error', () => near.destroy());
    if (fault.refuse) return void near.destroy();
    const far = 'path' in target ? connect(target.path) : connect(target.port, '127.0.0.1');
    const pair = { near, far, torn: false };
    let replied = 0;
    pairs.add(pair);

    function end(): void {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    }

    function pass(to: Socket, chunk: Buffer, isLost: boolean): void {
      if (isLost) pair.torn = true;
      else if (fault.latencyMs === undefined) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), fault.latencyMs);
    }

    near.on('data', (chunk: Buffer) => pass(far, chunk, fault.blackhole === true));
    far.on('data', (chunk: Buffer) => {
      replied += chunk.length;
      pass(near, chunk, fault.blackhole === true || fault.dropReplies === true);
      if (fault.cutAfterReplyBytes !== undefined && replied >= fault.cutAfterReplyBytes) end();
    });
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  });

  const socketPath = 'path' in target ? join(temporaryFolder('proxy'), 'p.sock') : null;
  await new Promise<void>((ready) => {
    if (socketPath === null) server.listen(0, '127.0.0.1', ready);
    else server.listen(socketPath, ready);
  });

  function cut(): void {
    for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy();
    pairs.clear();
  }

  const proxy: Proxy = {
    port: socketPath === null ? (server.address() as AddressInfo).port : null,
    socketPath,
    set(next) {
      if (losesBytes(fault)) {
        for (const { near, far, torn } of pairs) if (torn) for (const socket of [near, far]) socket.destroy();
      }
      fault = next;
    },
    cut,
    connections: () => pairs.size,
    async stop() {
      cut();
      if (server.listening) await new Promise((done) => server.close(done));
    },
  };
  onCleanup(() => proxy.stop());
  return proxy;
}
