/** The vocabulary of the log: entries on their way to the next number of their conversation. */
import type { LogRow, InsertOutcome } from '../repositories/log-repository.js';

/** A committed row; `isNew` is false for the earlier row that a retry has found. */
export interface Committed<Row> {
  row: Row;
  isNew: boolean;
}

/** A row on its way into the log. */
export interface Entry<Row extends LogRow> {
  readonly row: Row;
  /** Checked once more, from memory, when a batch is taken; an error rejects the row. */
  readonly refusal: () => Error | null;
  /** Called once, when the row may be acknowledged. */
  readonly resolve: (committed: Committed<Row>) => void;
  readonly reject: (error: Error) => void;
  /** What must be written before the acknowledgement; if it fails, recovery completes it later. */
  readonly finish?: (row: Row) => Promise<void>;
  /** Publishes the row, after the acknowledgement. */
  readonly announce: (row: Row) => void | Promise<void>;
  /** When an unknown outcome is given up, in milliseconds since the epoch. */
  readonly deadline: number;
}

/** Why a unique index has refused a row that is not in the store. */
export type Conflict<Row> =
  /** Its number is taken: another process was faster. */
  | { by: 'number' }
  /** There is an earlier row of the same key; `isSame` if this one repeats it. */
  | { by: 'first'; row: Row; isSame: boolean };

/** One of the two streams of the log: messages or changes. */
export interface LogStream<Row extends LogRow, Item extends Entry<Row> = Entry<Row>> {
  /** The field of a row that holds its number. */
  readonly numberField: 'seq' | 'rev';
  /** Inserts in order with a journaled majority write, and stops at the first failure. */
  insertInOrder(rows: readonly Row[]): Promise<InsertOutcome>;
  /** The last number of a conversation in the store, or 0. */
  lastNumber(conversationId: string): Promise<number>;
  byIds(ids: readonly string[]): Promise<Row[]>;
  resolveConflict(entry: Item): Promise<Conflict<Row>>;
  /** Reads again what may reject entries, before a batch is taken, if other processes can change it. */
  refresh?(entries: readonly Item[]): Promise<void>;
}
