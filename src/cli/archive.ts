/** A backup as one file: what is in a data folder, in a tar archive. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { backupStore, socketOf, startEmbeddedStore } from '@causerie/embedded-mongo';
import { create, extract, list } from 'tar';
import { storeFolder } from '../drivers/database.js';
import { syncPath } from '../drivers/sync-path.js';

/** Something that the person at the command line can mend, in words. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** What a data folder is made of, beside the store: files that are copied as they are, where there are any. */
const plainFiles = ['secret.key'];
const storeFile = 'store.mdb';

/** Copies the store at one moment: from the server that runs, or from the folder when none does. */
async function copyStore(dataDir: string, file: string): Promise<void> {
  const folder = storeFolder(dataDir);
  const socket = await socketOf(folder);
  if (socket !== null) return backupStore(socket, file);
  if (!existsSync(join(folder, storeFile))) throw new ArchiveError(`There is no store in ${folder}.`);
  const store = await startEmbeddedStore({ path: folder });
  try {
    await store.backup(file);
  } finally {
    await store.stop();
  }
}

/** Links the uploads that are there now; where that is not possible, copies them. They are never changed, only made and removed. */
async function takeUploads(stage: string, dataDir: string): Promise<void> {
  const from = join(dataDir, 'media');
  for (const path of await readdir(from, { recursive: true }).catch(() => [])) {
    if (!/^[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{32}/.test(path.replaceAll('\\', '/'))) continue;
    const to = join(stage, 'media', path);
    if (existsSync(to)) continue;
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    // One that has gone meanwhile belongs to a row that goes as well.
    await link(join(from, path), to).catch(() => copyFile(join(from, path), to).catch(() => undefined));
  }
}

async function fill(stage: string, dataDir: string): Promise<void> {
  await mkdir(join(stage, 'store'), { recursive: true, mode: 0o700 });
  // Before and after: whatever a row of the store names at its moment is in one of the two.
  await takeUploads(stage, dataDir);
  await copyStore(dataDir, join(stage, 'store', storeFile));
  await takeUploads(stage, dataDir);
  for (const name of plainFiles) {
    if (existsSync(join(dataDir, name))) await copyFile(join(dataDir, name), join(stage, name));
  }
}

/**
 * Writes a backup of a data folder to a file that must not exist yet, also while a server runs on it. The file is
 * whole or not there, and its owner's alone: it holds everything, the secret too. Throws ArchiveError.
 */
export async function writeArchive(dataDir: string, target: string): Promise<void> {
  const file = resolve(target);
  if (existsSync(file)) throw new ArchiveError(`${file} exists already: name a file that does not.`);
  if (!existsSync(dirname(file))) throw new ArchiveError(`There is no folder ${dirname(file)}.`);
  const stage = `${file}.${randomBytes(4).toString('hex')}.partial`;
  const packed = `${stage}.tar`;
  try {
    await fill(stage, dataDir);
    await create({ cwd: stage, file: packed, mode: 0o600, portable: true }, await readdir(stage));
    await syncPath(packed);
    await rename(packed, file);
  } finally {
    await rm(stage, { recursive: true, force: true });
    await rm(packed, { force: true });
  }
}

async function requireArchive(file: string): Promise<void> {
  const names: string[] = [];
  try {
    await list({ file, strict: true, onReadEntry: (entry) => void names.push(entry.path) });
  } catch {
    throw new ArchiveError(`${file} cannot be read as a backup.`);
  }
  if (!names.includes(`store/${storeFile}`)) throw new ArchiveError(`${file} is no backup: it holds no store.`);
}

/** Puts a backup into a data folder that is empty or not there yet: whole or not at all. Throws ArchiveError. */
export async function readArchive(source: string, dataDir: string): Promise<void> {
  const file = resolve(source);
  if (!existsSync(file)) throw new ArchiveError(`There is no file ${file}.`);
  const present = await readdir(dataDir).catch(() => []);
  if (present.length > 0) {
    throw new ArchiveError(`${dataDir} is not empty: move it away, or set DATA_DIR to a new folder.`);
  }
  await requireArchive(file);
  const stage = `${resolve(dataDir)}.${randomBytes(4).toString('hex')}.partial`;
  await mkdir(stage, { recursive: true, mode: 0o700 });
  try {
    await extract({ cwd: stage, file, strict: true });
    await syncPath(join(stage, 'store', storeFile));
    await rm(dataDir, { recursive: true, force: true });
    await rename(stage, dataDir);
  } catch (error) {
    await rm(stage, { recursive: true, force: true });
    throw error;
  }
}
