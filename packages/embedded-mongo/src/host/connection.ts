/** One client: its requests, one after the other, and their replies. */
import type { Socket } from 'node:net';
import type { Dispatcher } from '../commands/engine.js';
import { createFramer } from '../wire/framer.js';
import { readFrame, replyFrame } from '../wire/message.js';

/** Requests that may wait while one is being answered; beyond them the socket is not read. */
const MAX_WAITING = 16;

export interface Client {
  readonly socket: Socket;
  /** True on the private socket, false on the open port. */
  readonly isPrivate: boolean;
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}

/** Answers requests in the order in which they came. Bytes that are no message close the connection. */
export function serve({ socket, isPrivate }: Client, dispatcher: Dispatcher): void {
  const framer = createFramer();
  const waiting: Buffer[] = [];
  const client = { isPrivate, isGone: () => socket.destroyed };
  let busy = false;

  const answer = async (frame: Buffer): Promise<void> => {
    const request = readFrame(frame);
    const outcome = await dispatcher.execute(request, client);
    if (outcome === 'cut') socket.destroy();
    else if (request.wantsReply && !socket.destroyed && !socket.write(replyFrame(request, outcome.reply))) {
      await drained(socket);
    }
  };
  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      for (let frame = waiting.shift(); frame && !socket.destroyed; frame = waiting.shift()) {
        if (socket.isPaused() && waiting.length < MAX_WAITING) socket.resume();
        await answer(frame);
      }
    } catch {
      socket.destroy();
    }
    busy = false;
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      waiting.push(...framer.push(chunk));
    } catch {
      socket.destroy();
      return;
    }
    if (waiting.length >= MAX_WAITING) socket.pause();
    void work();
  });
  // Without a listener the loss of a client would end the process; `close` follows and says the same.
  socket.on('error', () => undefined);
}
