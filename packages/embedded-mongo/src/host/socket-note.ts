/** The note in a store's folder that says where the running store listens. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from './ask.js';

export interface SocketNote {
  readonly socketPath: string;
  /** Tells this run of the store from all others: the store at the socket must say the same. */
  readonly instance: string;
}

const fileOf = (folder: string): string => join(folder, 'store.socket');

/** Leaves the note. */
export function writeNote(folder: string, { socketPath, instance }: SocketNote): void {
  const draft = `${fileOf(folder)}.draft`;
  writeFileSync(draft, `${socketPath}\n${instance}\n`, { mode: 0o600 });
  renameSync(draft, fileOf(folder));
}

/** The note of a folder, or null: it may be of a run that was killed. */
export function readNote(folder: string): SocketNote | null {
  try {
    const [socketPath, instance] = readFileSync(fileOf(folder), 'utf8').split('\n');
    return socketPath && instance ? { socketPath, instance } : null;
  } catch {
    return null;
  }
}

/** Takes the note away. */
export function removeNote(folder: string): void {
  rmSync(fileOf(folder), { force: true });
}

/** The socket of the store that runs on a folder, or null if none does. It has answered, so the note is not a stale one. */
export async function socketOf(folder: string): Promise<string | null> {
  const note = readNote(folder);
  if (!note) return null;
  try {
    const status = await ask(note.socketPath, { serverStatus: 1, $db: 'admin' });
    return status['instance'] === note.instance ? note.socketPath : null;
  } catch {
    return null;
  }
}

/** The connection string of a database behind a socket. */
export function uriOfSocket(socketPath: string, database: string): string {
  return `mongodb://${encodeURIComponent(socketPath)}/${database}`;
}
