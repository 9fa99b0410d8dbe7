/** Where the store listens: a unix socket that only its user can reach. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';

/** The longest unix socket path that every system accepts (104 bytes on macOS, including the terminating zero). */
const maxPathBytes = 103;
const temporaryPrefix = 'embedded-mongo-';

export interface SocketFile {
  path: string;
  /** Removes the socket file, and the folder if it was created for it. */
  remove(): void;
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= maxPathBytes;
}

function pathTooLong(path: string): Error {
  return new Error(`${path} is too long for a unix socket: use a path of at most ${maxPathBytes} bytes`);
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

/** Removes a socket file left by a store that was killed. Throws if a process listens there. */
async function removeStale(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (await isAnswering(path)) throw new Error(`${path} is in use: another process is listening there`);
  rmSync(path, { force: true });
}

/** Drivers treat a path as a unix socket only if it ends with `.sock`. */
async function requestedSocket(requested: string): Promise<SocketFile> {
  const path = resolve(requested);
  if (!path.endsWith('.sock')) {
    throw new Error(`${requested} must end with .sock: drivers do not recognize it as a socket otherwise`);
  }
  if (!fits(path)) throw pathTooLong(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await removeStale(path);
  return { path, remove: () => rmSync(path, { force: true }) };
}

function temporarySocket(): SocketFile {
  const folder = mkdtempSync(join(tmpdir(), temporaryPrefix));
  const path = join(folder, 's.sock');
  if (!fits(path)) throw pathTooLong(path);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Chooses where a store listens: at the requested path, else inside its folder, else in a new private folder when that
 * path is too long. The caller holds the folder's lock. Throws if another process listens there or the path is too long.
 */
export async function prepareSocket(folder: string, requested?: string): Promise<SocketFile> {
  if (requested !== undefined) return requestedSocket(requested);
  const socketFolder = join(folder, 'socket');
  const path = join(socketFolder, 's.sock');
  if (!fits(path)) return temporarySocket();
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  chmodSync(socketFolder, 0o700);
  await removeStale(path);
  return { path, remove: () => rmSync(path, { force: true }) };
}

/** Removes the temporary folder of a store that was killed, given the socket it listened on. */
export function removeAbandonedSocket(path: string): void {
  const folder = dirname(path);
  const isTemporary =
    folder.startsWith(join(tmpdir(), temporaryPrefix)) && !folder.slice(tmpdir().length + 1).includes(sep);
  if (isTemporary && existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
