import type { Readable } from 'node:stream';

/** A file to send to a client. */
export interface ServedFile {
  /** In bytes. */
  size: number;
  type: string;
  /** Identifies the content, without quotes. */
  etag: string;
  /** The name under which clients save it. */
  name: string;
  isInline: boolean;
  /** The bytes from `start` to `end`, both included. */
  open(range: { start: number; end: number } | null): Promise<Readable>;
}
