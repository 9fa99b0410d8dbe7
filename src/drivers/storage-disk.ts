import { createReadStream } from 'node:fs';
import { mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { notFound } from '../kernel/problem.js';
import { problemOfStorage, type Storage, type StoredFile } from './storage.js';
import { syncPath } from './sync-path.js';

const named = /^[0-9a-f]{32}(\.[a-z0-9.]+)?$/;

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}

async function* filesIn(folder: string): AsyncGenerator<StoredFile> {
  const entries = await opendir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && /^[0-9a-f]{2}$/.test(entry.name)) yield* filesIn(path);
    else if (entry.isFile()) yield { name: entry.name, size: (await stat(path)).size };
  }
}

/** Keeps each upload as one file below a folder, two levels deep, so that no folder grows large. */
export function createDiskStorage(folder: string): Storage {
  const folderOf = (name: string): string => join(folder, name.slice(0, 2), name.slice(2, 4));

  function pathOf(name: string): string {
    // Names are made by the server; nothing else ever becomes a path.
    if (!named.test(name)) throw new Error('this is no name of a stored file');
    return join(folderOf(name), name);
  }

  return {
    async put(name, localPath) {
      const path = pathOf(name);
      try {
        await syncPath(localPath);
        await mkdir(folderOf(name), { recursive: true, mode: 0o700 });
        await rename(localPath, path);
        for (const one of [folderOf(name), join(folder, name.slice(0, 2)), folder]) await syncPath(one);
      } catch (error) {
        throw problemOfStorage(error);
      }
    },
    async sizeOf(name) {
      try {
        return (await stat(pathOf(name))).size;
      } catch (error) {
        if (isMissing(error)) return null;
        throw problemOfStorage(error);
      }
    },
    async open(name, range) {
      try {
        const handle = await open(pathOf(name), 'r');
        return createReadStream('', { fd: handle, ...(range ?? {}), highWaterMark: 256 * 1024 });
      } catch (error) {
        throw isMissing(error) ? notFound() : problemOfStorage(error);
      }
    },
    async remove(name) {
      const path = pathOf(name);
      const beside = await readdir(folderOf(name)).catch(() => []);
      for (const one of beside) if (one.startsWith(`${name}.`)) await rm(join(folderOf(name), one), { force: true });
      await rm(path, { force: true });
    },
    list: () => filesIn(folder),
  };
}
