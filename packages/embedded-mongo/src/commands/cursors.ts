/** Open cursors: the rest of a query's result between batches. */
import { CommandError } from '../errors.js';
import { type Pausable, pause, type TimeSlice } from '../plan/time-slice.js';

/** A result that is read batch by batch. */
export interface ResultStream {
  source: Pausable<Buffer>;
  timeSlice: TimeSlice;
  /** A document that did not fit into the last batch. */
  leftover: Buffer | null;
}

export interface Cursor extends ResultStream {
  id: bigint;
  namespace: string;
  /** The batch size if `getMore` names none; 0 for as much as fits. */
  batchSize: number;
  noTimeout: boolean;
  usedAt: number;
  isBusy: boolean;
}

export interface Batch {
  docs: Buffer[];
  isLast: boolean;
}

export interface Cursors {
  open(cursor: Omit<Cursor, 'id' | 'usedAt' | 'isBusy'>): Cursor;
  /** Throws 43 if there is no such cursor on that namespace, 12051 if it is in use. */
  get(id: bigint, namespace: string): Cursor;
  close(id: bigint): boolean;
  /** Closes cursors that have been idle for longer than the timeout. */
  expire(now: number): void;
  setTimeoutMs(ms: number): void;
  size(): number;
}

const maxBatchBytes = 16 * 1024 * 1024;
const defaultTimeoutMs = 10 * 60 * 1000;

/** Reads up to `size` documents (0: no limit) and at most 16 MB. */
export function* readBatch(stream: ResultStream, size: number): Generator<typeof pause, Batch> {
  const docs: Buffer[] = [];
  let bytes = 0;

  function add(raw: Buffer): boolean {
    if (docs.length && bytes + raw.length > maxBatchBytes) return false;
    bytes += raw.length;
    docs.push(raw);
    return true;
  }

  if (stream.leftover) {
    add(stream.leftover);
    stream.leftover = null;
  }
  while (size === 0 || docs.length < size) {
    const next = stream.source.next();
    if (next.done) return { docs, isLast: true };
    if (next.value === pause) {
      yield pause;
      stream.timeSlice.resume();
    } else if (!add(next.value)) {
      stream.leftover = next.value;
      break;
    }
  }
  return { docs, isLast: false };
}

/** Creates an empty registry. Ids are random, so that a client cannot guess those of another. */
export function createCursors(): Cursors {
  const open = new Map<bigint, Cursor>();
  let timeoutMs = defaultTimeoutMs;

  function newId(): bigint {
    const [word = 0n] = crypto.getRandomValues(new BigUint64Array(1));
    const id = word >> 1n;
    return id === 0n || open.has(id) ? newId() : id;
  }

  return {
    open(cursor) {
      const opened: Cursor = { ...cursor, id: newId(), usedAt: Date.now(), isBusy: false };
      open.set(opened.id, opened);
      return opened;
    },
    get(id, namespace) {
      const cursor = open.get(id);
      if (cursor?.namespace !== namespace) throw new CommandError(43, `cursor id ${id} not found`);
      if (cursor.isBusy) throw new CommandError(12051, `cursor id ${id} is already in use`);
      return cursor;
    },
    close: (id) => open.delete(id),
    expire(now) {
      for (const { id, usedAt, noTimeout, isBusy } of open.values()) {
        if (!noTimeout && !isBusy && now - usedAt > timeoutMs) open.delete(id);
      }
    },
    setTimeoutMs(ms) {
      timeoutMs = ms;
    },
    size: () => open.size,
  };
}
