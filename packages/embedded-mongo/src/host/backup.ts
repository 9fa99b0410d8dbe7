/** A backup of a store that another process runs. */
import { resolve } from 'node:path';
import { ask } from './ask.js';

/**
 * Asks the store at a socket to write a compact and consistent copy of everything to a file that must not exist yet.
 * The file is a `store.mdb`. Throws with the store's own sentence if it cannot.
 */
export async function backupStore(socketPath: string, file: string): Promise<void> {
  const reply = await ask(socketPath, { backupTo: resolve(file), $db: 'admin' }, 0);
  if (reply['ok'] !== 1) throw new Error(String(reply['errmsg']));
}
