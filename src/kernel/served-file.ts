import type { Readable } from 'node:stream';

/** A file on its way to a client. */
export interface ServedFile {
  /** In bytes. */
  size: number;
  type: string;
  /** Names the content, without quotes. */
  etag: string;
  /** What it is called when it is saved. */
  name: string;
  isInline: boolean;
  /** Its bytes, from `start` to `end`, both included. */
  open(range: { start: number; end: number } | null): Promise<Readable>;
}
