/** Where the bytes of uploads are kept. */
import type { Readable } from 'node:stream';
import { Problem, unavailable } from '../kernel/problem.js';

/** Part of a file, both ends included. */
export interface ByteRange {
  start: number;
  end: number;
}

/** A file as the storage holds it. */
export interface StoredFile {
  name: string;
  size: number;
}

/**
 * Files by name. A name is 32 hex characters, chosen at random, or such a name with `.` and a suffix: what stands beside
 * it and goes with it. Every call throws `insufficient_storage` for a full disk and `unavailable` for what cannot be reached.
 */
export interface Storage {
  /** Takes a finished local file over, durably; the local one is gone then. */
  put(name: string, localPath: string): Promise<void>;
  /** How large a file is, in bytes; null if it is not there. */
  sizeOf(name: string): Promise<number | null>;
  /** The bytes of a file; throws `not_found`. */
  open(name: string, range: ByteRange | null): Promise<Readable>;
  /** Removes a file and everything beside it. */
  remove(name: string): Promise<void>;
  /** Every file there is. */
  list(): AsyncIterable<StoredFile>;
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a failed read or write is told as. */
export function problemOfStorage(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && full.has(code)) return new Problem('insufficient_storage', { cause: error });
  return unavailable(error);
}
