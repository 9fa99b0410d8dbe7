/** The LMDB file: opening it, its format version, transactions, and reading ranges. */
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { CommandError } from '../errors.js';
import { asBuffer } from './bytes.js';
import { acquireLock } from './lock-file.js';

const formatVersion = 1;
const versionKey = Buffer.from('version');

/** The file was written by a newer version of this store. */
export class StoreVersionError extends Error {
  override readonly name = 'StoreVersionError';

  constructor(
    readonly path: string,
    readonly found: number,
  ) {
    super(
      `${path} has format ${found}, and this version reads up to format ${formatVersion}: use the newer version that wrote it`,
    );
  }
}

export type Bytes = Database<Buffer, Buffer>;

export interface Environment {
  data: Bytes;
  catalogue: Bytes;
  /** Runs `work` in one durable transaction; if it throws, all of it is undone. */
  transact<T>(work: () => T): T;
  backup(file: string): Promise<void>;
  /** Returns the disk space this process may still use, in bytes. */
  freeBytes(): number;
  close(): Promise<void>;
}

function checkVersion(root: RootDatabase<Buffer, Buffer>, catalogue: Bytes, path: string): void {
  const stored = catalogue.get(versionKey);
  if (stored === undefined) {
    root.transactionSync(() => catalogue.putSync(versionKey, Buffer.from(String(formatVersion))));
    return;
  }
  const found = Number(asBuffer(stored).toString());
  if (found > formatVersion) throw new StoreVersionError(path, found);
}

/** A disk with less free space than this counts as full. */
const fullDiskBytes = 16 * 1024 * 1024;

function isNoSpace(message: string): boolean {
  return /no space left|MDB_MAP_FULL|ENOSPC|EDQUOT|EFBIG|file too large|quota/i.test(message);
}

/**
 * Converts an error of LMDB to the error a client gets: 14031 for a full disk, 1 for anything else. LMDB reports a write
 * that the system cut short as an I/O error, whatever the cause; the free space on the disk (in bytes) then decides.
 */
export function storageError(error: unknown, freeBytes: () => number): CommandError {
  if (error instanceof CommandError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isFull = isNoSpace(message) || (/input\/output error|EIO/i.test(message) && freeBytes() < fullDiskBytes);
  if (isFull) return new CommandError(14031, `the disk is full: nothing was written (${message})`);
  return new CommandError(1, `the store could not write: ${message}`);
}

/**
 * Opens the store in a folder, which is created if it does not exist.
 * Throws StoreLockedError if another process holds it, StoreVersionError if a newer version wrote it.
 */
export function openEnvironment(folder: string): Environment {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const releaseLock = acquireLock(folder);
  const binary = { keyEncoding: 'binary', encoding: 'binary' } as const;
  let opened: RootDatabase<Buffer, Buffer> | undefined;
  try {
    const root = open<Buffer, Buffer>({ path: join(folder, 'store.mdb'), noSubdir: true, maxDbs: 4, ...binary });
    opened = root;
    const data = root.openDB<Buffer, Buffer>({ name: 'data', ...binary });
    const catalogue = root.openDB<Buffer, Buffer>({ name: 'catalogue', ...binary });
    checkVersion(root, catalogue, folder);
    return {
      data,
      catalogue,
      transact: (work) => root.transactionSync(work),
      backup: (file) => root.backup(file, true),
      freeBytes() {
        const { bavail, bsize } = statfsSync(folder);
        return bavail * bsize;
      },
      async close() {
        await root.close();
        releaseLock();
      },
    };
  } catch (error) {
    void opened?.close();
    releaseLock();
    throw error;
  }
}

export interface Entry {
  key: Buffer;
  value: Buffer;
}

export interface KeyRange {
  start: Buffer;
  /** Exclusive. */
  end: Buffer;
}

const firstChunkSize = 16;
const maxChunkSize = 512;

function readChunk(data: Bytes, range: KeyRange, reverse: boolean, limit: number): Entry[] {
  const options = reverse
    ? { start: range.end, exclusiveStart: true, end: range.start, inclusiveEnd: true, reverse, limit }
    : { start: range.start, end: range.end, limit };
  const chunk: Entry[] = [];
  for (const { key, value } of data.getRange(options)) chunk.push({ key: asBuffer(key), value: asBuffer(value) });
  return chunk;
}

/** How many keys are counted at once: a few milliseconds of work. */
const countSliceSize = 100_000;

/** Counts the keys of a range in slices. Changes made between two slices are seen. */
export function* countInSlices(data: Bytes, { start, end }: KeyRange): Generator<number, void> {
  for (let from = start; ;) {
    const [next] = data.getKeys({ start: from, end, offset: countSliceSize, limit: 1 });
    if (next === undefined) return yield data.getCount({ start: from, end });
    yield countSliceSize;
    from = asBuffer(next);
  }
}

/**
 * Reads the entries of a range in key order, or in reverse. It reads in chunks, each starting after the last key, so no
 * read transaction stays open between them; changes made in between are seen.
 */
export function* entries(data: Bytes, range: KeyRange, reverse = false): Generator<Entry, void> {
  let { start, end } = range;
  for (let size = firstChunkSize; ; size = Math.min(maxChunkSize, size * 4)) {
    const chunk = readChunk(data, { start, end }, reverse, size);
    yield* chunk;
    const last = chunk.at(-1);
    if (!last || chunk.length < size) return;
    if (reverse) end = last.key;
    else start = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
