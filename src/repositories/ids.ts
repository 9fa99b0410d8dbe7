/** Ids are ObjectIds in the store and strings of 24 hex digits everywhere else; the repositories convert between the two. */
import { Types } from 'mongoose';

/** An id as it is stored. */
export type Id = Types.ObjectId;

/** A stored document as a repository returns it: its ids, at any depth, are strings. */
export type Row<Stored> = Stored extends Id
  ? string
  : Stored extends Date
    ? Stored
    : Stored extends readonly (infer Item)[]
      ? Row<Item>[]
      : Stored extends object
        ? { [Field in keyof Stored]: Row<Stored[Field]> }
        : Stored;

/** The stored form of an id. */
export function toId(id: string): Id {
  return Types.ObjectId.createFromHexString(id);
}

export function toIds(ids: Iterable<string>): Id[] {
  return Array.from(ids, toId);
}

export function toIdOrNull(id: string | null): Id | null {
  return id === null ? null : toId(id);
}

/** A new id. */
export function newId(): string {
  return new Types.ObjectId().toHexString();
}

/** Converts a document that was just read into a row, in place. */
export function toRow<Stored>(stored: Stored): Row<Stored> {
  return withStringIds(stored) as Row<Stored>;
}

export function toRows<Stored>(stored: Stored[]): Row<Stored>[] {
  return stored.map(toRow);
}

function withStringIds(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Types.ObjectId) return value.toHexString();
  const fields = value as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    const field = fields[name];
    if (typeof field === 'object' && field !== null) fields[name] = withStringIds(field);
  }
  return value;
}

/** When an id was created, to the second. */
export function timeOf(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8), 16) * 1000);
}

/** Creates ids whose times never go back. */
export interface Ids {
  next(): string;
  /** No id created from now on carries an earlier time. */
  raiseTo(time: Date): void;
}

/** The lowest id of a moment (ids carry whole seconds). */
export function firstIdAt(time: Date): string {
  return secondsOf(Math.max(0, Math.floor(time.getTime() / 1000))) + '0'.repeat(16);
}

const secondsOf = (seconds: number): string => seconds.toString(16).padStart(8, '0');

/** Creates the ids of one process: if the clock is set back, the ids do not follow. */
export function createIds(now: () => number = Date.now): Ids {
  let latest = 0;
  return {
    next() {
      latest = Math.max(latest, Math.floor(now() / 1000));
      return secondsOf(latest) + newId().slice(8);
    },
    raiseTo(time) {
      latest = Math.max(latest, Math.floor(time.getTime() / 1000));
    },
  };
}
