/** One question to a running store: for tools beside it that need no driver. */
import { connect } from 'node:net';
import type { Doc } from '../bson/value.js';
import { createFramer } from '../wire/framer.js';
import { readFrame, requestFrame } from '../wire/message.js';

const PATIENCE_MS = 2000;

/** Sends one command and gives the reply, whatever it says. Throws if there is none in time (`patienceMs` 0: no limit). */
export function ask(socketPath: string, command: Doc, patienceMs = PATIENCE_MS): Promise<Doc> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const framer = createFramer();
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`${socketPath} does not answer`)));
    socket.on('connect', () => socket.write(requestFrame(command)));
    socket.on('data', (chunk: Buffer) => {
      try {
        const [frame] = framer.push(chunk);
        if (!frame) return;
        resolve(readFrame(frame).body);
        socket.destroy();
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${socketPath} has closed the connection`)));
  });
}
