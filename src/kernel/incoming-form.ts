import type { Readable } from 'node:stream';

/** The file of a form, while it arrives. */
export interface IncomingFile {
  /** The name that its sender gave it. */
  name: string;
  bytes: Readable;
}

/** A form with one file and some fields, in any order, while it arrives. */
export interface IncomingForm<Fields> {
  /** The declared length of the form in bytes; null if it is not declared. */
  length: number | null;
  /**
   * Passes the file to `take`, with the fields that came before it, and returns its result with all fields.
   * `take` has ended when this ends, whether it succeeded or not. Throws `invalid_input` for any other form.
   */
  read<Result>(
    take: (file: IncomingFile, before: Partial<Fields>) => Promise<Result>,
  ): Promise<{ result: Result; fields: Fields }>;
}
