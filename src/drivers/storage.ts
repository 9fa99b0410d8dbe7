/** Storage for the bytes of uploads. */
import type { Readable } from 'node:stream';
import { Problem, unavailable } from '../kernel/problem.js';

/** A range of a file, both ends included. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface StoredFile {
  name: string;
  size: number;
}

/**
 * Files by name. A name is 32 random hex characters, or such a name with `.` and a suffix: a file beside the first, removed
 * together with it. Every call throws `insufficient_storage` for a full disk and `unavailable` if the storage cannot be reached.
 */
export interface Storage {
  /** Moves a finished local file into the storage, durably. */
  put(name: string, localPath: string): Promise<void>;
  /** The size of a file in bytes; null if it does not exist. */
  sizeOf(name: string): Promise<number | null>;
  /** The bytes of a file; throws `not_found`. */
  open(name: string, range: ByteRange | null): Promise<Readable>;
  /** Removes a file and the files beside it. */
  remove(name: string): Promise<void>;
  /** The names of all files. */
  list(): AsyncIterable<StoredFile>;
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The problem of a failed read or write. */
export function problemOfStorage(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && full.has(code)) return new Problem('insufficient_storage', { cause: error });
  return unavailable(error);
}
