/** What travels through the log: rows that get the next number of their conversation. */
import type { Types } from 'mongoose';

/** What every row of the log has. Its id is made before the insert, so that it tells a repeated insert from a new one. */
export interface LogRow {
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
}

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

/** What the log has to find out about a batch: how far it went, and what the first failure was. */
export type Inserted =
  | { outcome: 'all' }
  /** All before `index` have landed, nothing from it on has. */
  | { outcome: 'stopped'; index: number; isDuplicate: boolean; error: unknown }
  /** Nobody knows what has landed. */
  | { outcome: 'unknown'; error: unknown };

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
  byIds(ids: readonly Types.ObjectId[]): Promise<Row[]>;
  resolveConflict(entry: Item): Promise<Conflict<Row>>;
  /** Reads again what may refuse entries, where other processes can change it: before a batch is taken. */
  refresh?(entries: readonly Item[]): Promise<void>;
}

interface StoreError {
  code?: unknown;
  writeErrors?: unknown;
  result?: { getWriteConcernError?: () => unknown };
}

/** Reads the error of a failed ordered insert; whatever is not clearly the refusal of one element is unknown. */
export function outcomeOf(error: unknown): Inserted {
  const { writeErrors, result } = error as StoreError;
  const first: unknown = Array.isArray(writeErrors) ? writeErrors[0] : writeErrors;
  if (typeof first !== 'object' || first === null || result?.getWriteConcernError?.())
    return { outcome: 'unknown', error };
  const { index, code } = first as { index?: unknown; code?: unknown };
  if (typeof index !== 'number') return { outcome: 'unknown', error };
  return { outcome: 'stopped', index, isDuplicate: code === 11000, error };
}

/** The time of the oldest of some rows: milliseconds since the epoch, as their ids carry it; null for none. */
export function oldestOf(rows: readonly LogRow[]): Date | null {
  if (rows.length === 0) return null;
  return new Date(rows.reduce((oldest, { _id }) => Math.min(oldest, _id.getTimestamp().getTime()), Infinity));
}
