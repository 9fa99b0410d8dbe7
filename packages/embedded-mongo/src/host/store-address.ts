/** The file in a store's folder that says where the running store listens. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sendCommand } from './store-client.js';

export interface StoreAddress {
  socketPath: string;
  /** Identifies this run of the store: the store at the socket must report the same value. */
  instance: string;
}

function addressFile(folder: string): string {
  return join(folder, 'store.socket');
}

export function writeAddress(folder: string, { socketPath, instance }: StoreAddress): void {
  const draft = `${addressFile(folder)}.draft`;
  writeFileSync(draft, `${socketPath}\n${instance}\n`, { mode: 0o600 });
  renameSync(draft, addressFile(folder));
}

/** Returns the recorded address, or null if there is none. It may be left over from a run that was killed. */
export function readAddress(folder: string): StoreAddress | null {
  try {
    const [socketPath, instance] = readFileSync(addressFile(folder), 'utf8').split('\n');
    return socketPath && instance ? { socketPath, instance } : null;
  } catch {
    return null;
  }
}

export function removeAddress(folder: string): void {
  rmSync(addressFile(folder), { force: true });
}

/** Returns the socket of the store that runs on a folder, or null if none answers there. */
export async function socketOf(folder: string): Promise<string | null> {
  const address = readAddress(folder);
  if (!address) return null;
  try {
    const status = await sendCommand(address.socketPath, { serverStatus: 1, $db: 'admin' });
    return status['instance'] === address.instance ? address.socketPath : null;
  } catch {
    return null;
  }
}

/** Returns the connection string of a database behind a socket. */
export function uriOfSocket(socketPath: string, database: string): string {
  return `mongodb://${encodeURIComponent(socketPath)}/${database}`;
}
