/** The LMDB file: opening it, its version stamp, transactions, ranges. */
import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { CommandError } from '../errors.js';
import { asBuffer } from './bytes.js';
import { takeLock } from './lock-file.js';

const FORMAT = 1;
const VERSION_KEY = Buffer.from('version');

/** The file was written by a newer version of this store. */
export class StoreVersionError extends Error {
  override readonly name = 'StoreVersionError';

  constructor(
    readonly path: string,
    readonly found: number,
  ) {
    super(
      `${path} has format ${found}, and this version reads up to format ${FORMAT}: use the newer version that wrote it`,
    );
  }
}

export type Bytes = Database<Buffer, Buffer>;

export interface Environment {
  readonly data: Bytes;
  readonly catalogue: Bytes;
  /** Runs `work` in one durable transaction; what it throws undoes all of it. */
  readonly transact: <T>(work: () => T) => T;
  readonly backup: (file: string) => Promise<void>;
  /** What is free on the disk for this process, in bytes. */
  readonly freeBytes: () => number;
  readonly close: () => Promise<void>;
}

function checkVersion(root: RootDatabase<Buffer, Buffer>, catalogue: Bytes, path: string): void {
  const stamp = catalogue.get(VERSION_KEY);
  if (stamp === undefined) {
    root.transactionSync(() => catalogue.putSync(VERSION_KEY, Buffer.from(String(FORMAT))));
    return;
  }
  const found = Number(asBuffer(stamp).toString());
  if (found > FORMAT) throw new StoreVersionError(path, found);
}

function isNoSpace(error: unknown): boolean {
  return (
    error instanceof Error && /no space left|MDB_MAP_FULL|ENOSPC|EDQUOT|EFBIG|file too large|quota/i.test(error.message)
  );
}

/** A disk with less than this is full to whoever writes a group of commands. */
const FULL_BELOW = 16 * 1024 * 1024;

/**
 * What LMDB throws, as the code a client gets: 14031 for a full disk, 1 for anything else. A write that the system cuts
 * short is an I/O error to LMDB, whatever the cause: how much is free on the disk (in bytes) then decides.
 */
export function storageError(error: unknown, freeBytes: () => number): CommandError {
  if (error instanceof CommandError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isFull = isNoSpace(error) || (/input\/output error|EIO/i.test(message) && freeBytes() < FULL_BELOW);
  if (isFull) return new CommandError(14031, `the disk is full: nothing was written (${message})`);
  return new CommandError(1, `the store could not write: ${message}`);
}

/**
 * Opens the store in a folder, which is made if it is not there.
 * Throws StoreLockedError when another process has it, StoreVersionError when a newer version wrote it.
 */
export function openEnvironment(folder: string): Environment {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const release = takeLock(folder);
  const binary = { keyEncoding: 'binary', encoding: 'binary' } as const;
  let root: RootDatabase<Buffer, Buffer> | undefined;
  try {
    root = open<Buffer, Buffer>({ path: join(folder, 'store.mdb'), noSubdir: true, maxDbs: 4, ...binary });
    const data = root.openDB<Buffer, Buffer>({ name: 'data', ...binary });
    const catalogue = root.openDB<Buffer, Buffer>({ name: 'catalogue', ...binary });
    checkVersion(root, catalogue, folder);
    const freeBytes = (): number => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    };
    return { data, catalogue, freeBytes, ...operations(root, release) };
  } catch (error) {
    void root?.close();
    release();
    throw error;
  }
}

function operations(
  root: RootDatabase<Buffer, Buffer>,
  release: () => void,
): Pick<Environment, 'transact' | 'backup' | 'close'> {
  return {
    transact: (work) => root.transactionSync(work),
    backup: (file) => root.backup(file, true),
    close: async () => {
      await root.close();
      release();
    },
  };
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface KeyRange {
  readonly start: Buffer;
  /** Excluded. */
  readonly end: Buffer;
}

const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 512;

function chunk(data: Bytes, range: KeyRange, reverse: boolean, limit: number): Entry[] {
  const options = reverse
    ? { start: range.end, exclusiveStart: true, end: range.start, inclusiveEnd: true, reverse, limit }
    : { start: range.start, end: range.end, limit };
  const result: Entry[] = [];
  for (const { key, value } of data.getRange(options)) result.push({ key: asBuffer(key), value: asBuffer(value) });
  return result;
}

/** How many keys are counted in one go: a few milliseconds' worth. */
const COUNTED_AT_ONCE = 100_000;

/** How many keys a range has, in slices; changes made between them are seen. */
export function* countedSlices(data: Bytes, { start, end }: KeyRange): Generator<number, void> {
  for (let from = start; ;) {
    const [next] = data.getKeys({ start: from, end, offset: COUNTED_AT_ONCE, limit: 1 });
    if (next === undefined) return yield data.getCount({ start: from, end });
    yield COUNTED_AT_ONCE;
    from = asBuffer(next);
  }
}

/**
 * The entries of a range in key order, or in reverse. Read in chunks, each from the last key on: no read transaction
 * stays open between them, and changes made in between are seen.
 */
export function* entries(data: Bytes, range: KeyRange, reverse = false): Generator<Entry, void> {
  let { start, end } = range;
  for (let size = FIRST_CHUNK; ; size = Math.min(LARGEST_CHUNK, size * 4)) {
    const found = chunk(data, { start, end }, reverse, size);
    yield* found;
    const last = found.at(-1);
    if (!last || found.length < size) return;
    if (reverse) end = last.key;
    else start = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
