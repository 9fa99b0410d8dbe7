/** A backup: the content of a data folder as one tar archive. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { backupStore, socketOf, startEmbeddedStore } from '@causerie/embedded-mongo';
import { create, extract, list } from 'tar';
import { storeFolder } from '../drivers/database.js';
import { syncPath } from '../drivers/sync-path.js';

/** An error that the operator can fix, with a message for them. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** Files of a data folder that are copied as they are, if they exist. */
const plainFiles = ['secret.key'];
const storeFile = 'store.mdb';

/** Copies a consistent snapshot of the store: from the running server, or from the folder if none is running. */
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

/** Hard-links the current uploads, or copies them if linking fails. Files of uploads are created and removed, never modified. */
async function takeUploads(stage: string, dataDir: string): Promise<void> {
  const from = join(dataDir, 'media');
  for (const path of await readdir(from, { recursive: true }).catch(() => [])) {
    if (!/^[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{32}/.test(path.replaceAll('\\', '/'))) continue;
    const to = join(stage, 'media', path);
    if (existsSync(to)) continue;
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    // A file that was removed meanwhile belongs to a row that is being deleted as well.
    await link(join(from, path), to).catch(() => copyFile(join(from, path), to).catch(() => undefined));
  }
}

async function fill(stage: string, dataDir: string): Promise<void> {
  await mkdir(join(stage, 'store'), { recursive: true, mode: 0o700 });
  // Once before and once after the snapshot: every file that a row of the snapshot names is in one of the two.
  await takeUploads(stage, dataDir);
  await copyStore(dataDir, join(stage, 'store', storeFile));
  await takeUploads(stage, dataDir);
  for (const name of plainFiles) {
    if (existsSync(join(dataDir, name))) await copyFile(join(dataDir, name), join(stage, name));
  }
}

/**
 * Writes a backup of a data folder to a file that must not exist yet, even while a server is running on the folder. The
 * file is complete or absent, and readable by its owner only, since it contains the secret. Throws ArchiveError.
 */
export async function writeArchive(dataDir: string, target: string): Promise<void> {
  const file = resolve(target);
  if (existsSync(file)) throw new ArchiveError(`${file} already exists: choose another file name.`);
  if (!existsSync(dirname(file))) throw new ArchiveError(`The folder ${dirname(file)} does not exist.`);
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
  if (!names.includes(`store/${storeFile}`)) throw new ArchiveError(`${file} is not a backup: it contains no store.`);
}

/** Restores a backup into a data folder that is empty or does not exist yet, completely or not at all. Throws ArchiveError. */
export async function readArchive(source: string, dataDir: string): Promise<void> {
  const file = resolve(source);
  if (!existsSync(file)) throw new ArchiveError(`The file ${file} does not exist.`);
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
