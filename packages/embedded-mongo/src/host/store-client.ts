/** A minimal client for tools that talk to a running store without a driver. */
import { connect } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import type { Doc } from '../bson/value.js';
import { createFramer } from '../wire/framer.js';
import { readFrame, requestFrame } from '../wire/message.js';

const defaultTimeoutMs = 2000;

/** Sends one command and returns the reply, also when it reports an error. Rejects if none arrives within `timeoutMs` (0: no limit). */
export function sendCommand(socketPath: string, command: Doc, timeoutMs = defaultTimeoutMs): Promise<Doc> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const framer = createFramer();
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer from the store at ${socketPath}`)));
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
    socket.on('close', () => reject(new Error(`the store at ${socketPath} closed the connection`)));
  });
}

/**
 * Asks the store at a socket to write a compact, consistent copy of all its data to a file that must not exist yet.
 * The file is a `store.mdb`. Throws with the store's own message if the backup fails.
 */
export async function backupStore(socketPath: string, file: string): Promise<void> {
  const reply = await sendCommand(socketPath, { backupTo: resolvePath(file), $db: 'admin' }, 0);
  if (reply['ok'] !== 1) throw new Error(String(reply['errmsg']));
}
