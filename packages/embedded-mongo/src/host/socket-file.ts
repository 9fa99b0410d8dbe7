/** Where the store listens: a unix socket that only its user can reach. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';

/** The longest path that every system takes for a unix socket (104 bytes on macOS, with the zero at its end). */
const MAX_PATH_BYTES = 103;
const FRESH = 'embedded-mongo-';

export interface SocketPlace {
  readonly path: string;
  /** Takes the socket file away, and the folder that was made for it. */
  readonly remove: () => void;
}

const fits = (path: string): boolean => Buffer.byteLength(path) <= MAX_PATH_BYTES;

function tooLong(path: string): Error {
  return new Error(`${path} is too long for a unix socket, which takes ${MAX_PATH_BYTES} bytes: name a shorter one`);
}

/** A socket whose place was named. Drivers take a path for a socket only if it ends with `.sock`. */
async function given(path: string): Promise<SocketPlace> {
  const whole = resolve(path);
  if (!whole.endsWith('.sock')) throw new Error(`${path} must end with .sock, or no driver takes it for a socket`);
  if (!fits(whole)) throw tooLong(whole);
  mkdirSync(dirname(whole), { recursive: true, mode: 0o700 });
  await makeRoom(whole);
  return { path: whole, remove: () => rmSync(whole, { force: true }) };
}

function answersAt(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

/** Removes a socket file that a killed store left. Throws if somebody listens there. */
async function makeRoom(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (await answersAt(path)) throw new Error(`${path} is in use: another process listens there`);
  rmSync(path, { force: true });
}

function fresh(): SocketPlace {
  const folder = mkdtempSync(join(tmpdir(), FRESH));
  const path = join(folder, 's.sock');
  if (!fits(path)) throw tooLong(path);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Decides where the store of a folder listens: where it is told to, in the folder, or in a fresh private one. Called by
 * the holder of the folder's lock. Throws if somebody else listens there, or the path is too long.
 */
export async function placeSocket(folder: string, named?: string): Promise<SocketPlace> {
  if (named !== undefined) return given(named);
  const own = join(folder, 'socket');
  const path = join(own, 's.sock');
  if (!fits(path)) return fresh();
  mkdirSync(own, { recursive: true, mode: 0o700 });
  chmodSync(own, 0o700);
  await makeRoom(path);
  return { path, remove: () => rmSync(path, { force: true }) };
}

/** Takes away what a store that was killed has left at a path where nobody listens any more. */
export function removeAbandoned(path: string): void {
  const folder = dirname(path);
  const wasFresh = folder.startsWith(join(tmpdir(), FRESH)) && !folder.slice(tmpdir().length + 1).includes(sep);
  if (wasFresh && existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
