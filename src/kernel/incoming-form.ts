import type { Readable } from 'node:stream';

/** The file of a form, while it comes in. */
export interface IncomingFile {
  /** What its sender calls it. */
  name: string;
  bytes: Readable;
}

/** A form of one file and some fields, in any order, that is still coming in. */
export interface IncomingForm<Fields> {
  /** How long the whole form says that it is, in bytes; null if it does not. */
  length: number | null;
  /**
   * Hands the file to `take`, with the fields that have come before it, and gives what it makes of it with all fields.
   * `take` has ended when this ends, in one way or the other. Throws `invalid_input` for any other form.
   */
  read<Result>(
    take: (file: IncomingFile, before: Partial<Fields>) => Promise<Result>,
  ): Promise<{ result: Result; fields: Fields }>;
}
