/** Open cursors: what is left of a query's result between batches. */
import { CommandError } from '../errors.js';
import { pause } from '../plan/time-slice.js';
import type { TimeSlice, Pausable } from '../plan/time-slice.js';

export interface Cursor {
  readonly id: bigint;
  readonly namespace: string;
  readonly source: Pausable<Buffer>;
  /** Batch size when getMore names none; 0 for as much as fits. */
  readonly batchSize: number;
  readonly timeSlice: TimeSlice;
  readonly noTimeout: boolean;
  /** A document that did not fit into the last batch. */
  held: Buffer | null;
  usedAt: number;
  busy: boolean;
}

export interface Batch {
  readonly docs: Buffer[];
  readonly done: boolean;
}

const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const CURSOR_TIMEOUT_MS = 10 * 60 * 1000;

/** Takes up to `size` documents (0: no limit) and at most 16 MB. */
export function* takeBatch(
  from: Pick<Cursor, 'source' | 'held' | 'timeSlice'>,
  size: number,
): Generator<typeof pause, Batch> {
  const docs: Buffer[] = [];
  let bytes = 0;
  const add = (raw: Buffer): boolean => {
    if (docs.length && bytes + raw.length > MAX_BATCH_BYTES) return false;
    bytes += raw.length;
    docs.push(raw);
    return true;
  };
  if (from.held) {
    add(from.held);
    from.held = null;
  }
  while (size === 0 || docs.length < size) {
    const next = from.source.next();
    if (next.done) return { docs, done: true };
    if (next.value === pause) {
      yield pause;
      from.timeSlice.resume();
    } else if (!add(next.value)) {
      from.held = next.value;
      break;
    }
  }
  return { docs, done: false };
}

export interface Cursors {
  readonly open: (cursor: Omit<Cursor, 'id' | 'usedAt' | 'busy'>) => Cursor;
  /** Throws 43 if there is no such cursor on that namespace. */
  readonly get: (id: bigint, namespace: string) => Cursor;
  readonly close: (id: bigint) => boolean;
  /** Closes what nobody has used for too long: ten minutes, unless it was set. */
  readonly expire: (now: number) => void;
  readonly setTimeoutMs: (ms: number) => void;
  readonly size: () => number;
}

/** An empty registry. Ids are random, so that a client cannot guess another's. */
export function createCursors(): Cursors {
  const open = new Map<bigint, Cursor>();
  let timeoutMs = CURSOR_TIMEOUT_MS;
  const newId = (): bigint => {
    const words = crypto.getRandomValues(new BigUint64Array(1));
    const id = (words[0] ?? 0n) >> 1n;
    return id === 0n || open.has(id) ? newId() : id;
  };
  return {
    open: (cursor) => {
      const opened: Cursor = { ...cursor, id: newId(), usedAt: Date.now(), busy: false };
      open.set(opened.id, opened);
      return opened;
    },
    get: (id, namespace) => {
      const cursor = open.get(id);
      if (cursor?.namespace !== namespace) throw new CommandError(43, `cursor id ${id} not found`);
      if (cursor.busy) throw new CommandError(12051, `cursor id ${id} is already in use`);
      return cursor;
    },
    close: (id) => open.delete(id),
    expire: (now) => {
      for (const { id, usedAt, noTimeout, busy } of open.values()) {
        if (!noTimeout && !busy && now - usedAt > timeoutMs) open.delete(id);
      }
    },
    setTimeoutMs: (ms) => {
      timeoutMs = ms;
    },
    size: () => open.size,
  };
}
