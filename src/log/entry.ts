/** What travels through the log: rows that get the next number of their conversation. */
import type { Id } from '../repositories/ids.js';
import type { LogRow, Inserted } from '../repositories/log-repository.js';

/** A row that has landed; `isNew` is false for the first one that a retry has found. */
export interface Committed<Row> {
  row: Row;
  isNew: boolean;
}

/** A row on its way into the log. */
export interface Entry<Row extends LogRow> {
  readonly row: Row;
  /** Asked once more when the batch is taken, from memory; what it gives refuses the row. */
  readonly refusal: () => Error | null;
  /** Called once, when the row may be acknowledged. */
  readonly resolve: (committed: Committed<Row>) => void;
  readonly reject: (error: Error) => void;
  /** What has to be written before it may be acknowledged; where it fails, the sweep does it later. */
  readonly finish?: (row: Row) => Promise<void>;
  /** Tells everybody, after the acknowledgement. */
  readonly announce: (row: Row) => void | Promise<void>;
  /** When an unknown outcome stops being looked into: milliseconds since the epoch. */
  readonly deadline: number;
}

/** Why a unique index has refused a row that is not there itself. */
export type Conflict<Row> =
  /** Its number is taken: another process was faster. */
  | { by: 'number' }
  /** What it is about has a row already: the first one, and whether this is its repetition. */
  | { by: 'first'; row: Row; isSame: boolean };

/** What the log must know of one kind of rows. */
export interface LogStream<Row extends LogRow, Item extends Entry<Row> = Entry<Row>> {
  numberOf(row: Row): number;
  setNumber(row: Row, number: number): void;
  /** Inserts in order with a journaled majority write, and stops at the first failure. */
  insertInOrder(rows: readonly Row[]): Promise<Inserted>;
  /** The last number of a conversation in the store, 0 if there is none. */
  lastNumber(conversationId: string): Promise<number>;
  byIds(ids: readonly Id[]): Promise<Row[]>;
  resolveConflict(entry: Item): Promise<Conflict<Row>>;
  /** Reads again what may refuse entries, where other processes can change it: before a batch is taken. */
  refresh?(entries: readonly Item[]): Promise<void>;
}
