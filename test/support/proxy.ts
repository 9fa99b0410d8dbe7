import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { onCleanup, temporaryFolder } from './cleanup.js';

/** Where a stream listens: a socket file or a port of this machine. */
export type Place = { path: string } | { port: number };

/** What the proxy does to the streams that go through it. */
export interface Fault {
  /** Closes new connections at once. */
  refuse?: boolean;
  /** Takes everything and passes nothing on, in either direction. */
  blackhole?: boolean;
  /** Passes requests on and loses the answers: the outcome is unknown to who asked. */
  dropReplies?: boolean;
  /** Holds each piece back for so long, in both directions. */
  latencyMs?: number;
  /** Cuts a connection when so many bytes have come back through it. */
  cutAfterReplyBytes?: number;
}

export interface Proxy {
  port: number | null;
  socketPath: string | null;
  /** From now on, for the open connections too; `{}` heals. */
  set(fault: Fault): void;
  /** Cuts the connections that are open. */
  cut(): void;
  connections(): number;
  stop(): Promise<void>;
}

/** Bytes lost to a fault would leave a healed stream torn: such a connection ends when the fault does. */
function losesBytes(fault: Fault): boolean {
  return fault.blackhole === true || fault.dropReplies === true;
}

/** Starts a TCP fault proxy before a server: on a socket file for a target on one, else on a free port. */
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
