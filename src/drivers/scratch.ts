/** Temporary files, in a folder of this process that is removed with it. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { problemOfStorage } from './storage.js';

export interface Scratch {
  /** A path that does not exist yet; throws `insufficient_storage` and `unavailable`. */
  path(): string;
  remove(path: string): Promise<void>;
  /** Removes the folders of processes that have ended. */
  removeLeftovers(): Promise<void>;
  close(): Promise<void>;
}

const dayMs = 86_400_000;
const host = hostname().replace(/[^A-Za-z0-9-]/g, '-');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

/** Creates the folder of this process below another one. */
export function createScratch(folder: string): Scratch {
  const ownFolder = `${host}.${process.pid}.${randomBytes(4).toString('hex')}`;

  /** A process of this machine is checked; one of another machine is given a day. */
  async function isLeftover(name: string): Promise<boolean> {
    const [theirHost, pid = ''] = name.split('.');
    if (name === ownFolder) return false;
    if (theirHost === host) return Number(pid) === process.pid || !isAlive(Number(pid));
    const found = await stat(join(folder, name)).catch(() => null);
    return found !== null && Date.now() - found.mtimeMs > dayMs;
  }

  return {
    path() {
      try {
        mkdirSync(join(folder, ownFolder), { recursive: true, mode: 0o700 });
      } catch (error) {
        throw problemOfStorage(error);
      }
      return join(folder, ownFolder, randomBytes(8).toString('hex'));
    },
    remove: (path) => rm(path, { force: true }),
    async removeLeftovers() {
      for (const name of await readdir(folder).catch(() => []))
        if (await isLeftover(name)) await rm(join(folder, name), { recursive: true, force: true });
    },
    close: () => rm(join(folder, ownFolder), { recursive: true, force: true }),
  };
}
