/** One client connection: its requests in order, and their replies. */
import type { Socket } from 'node:net';
import type { Dispatcher } from '../commands/dispatcher.js';
import { createFramer } from '../wire/framer.js';
import { readFrame, replyFrame } from '../wire/message.js';

/** How many requests may queue up while one is processed; above that the socket is paused. */
const maxQueued = 16;

interface ClientConnection {
  socket: Socket;
  /** True on the private socket, false on the open port. */
  isPrivate: boolean;
}

function waitUntilDrained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}

/** Answers requests in the order they arrive. Malformed bytes close the connection. */
export function serveClient({ socket, isPrivate }: ClientConnection, dispatcher: Dispatcher): void {
  const framer = createFramer();
  const queue: Buffer[] = [];
  const client = { isPrivate, isDisconnected: () => socket.destroyed };
  let isBusy = false;

  async function answer(frame: Buffer): Promise<void> {
    const request = readFrame(frame);
    const outcome = await dispatcher.execute(request, client);
    if (outcome === 'disconnect') socket.destroy();
    else if (request.wantsReply && !socket.destroyed && !socket.write(replyFrame(request, outcome.reply))) {
      await waitUntilDrained(socket);
    }
  }

  async function processQueue(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    try {
      for (let frame = queue.shift(); frame && !socket.destroyed; frame = queue.shift()) {
        if (socket.isPaused() && queue.length < maxQueued) socket.resume();
        await answer(frame);
      }
    } catch {
      socket.destroy();
    }
    isBusy = false;
  }

  socket.on('data', (chunk: Buffer) => {
    try {
      queue.push(...framer.push(chunk));
    } catch {
      socket.destroy();
      return;
    }
    if (queue.length >= maxQueued) socket.pause();
    void processQueue();
  });
  // Without a listener a lost connection would end the process; the `close` event that follows handles it.
  socket.on('error', () => undefined);
}
