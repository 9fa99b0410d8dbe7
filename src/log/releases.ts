import { setImmediate as macrotask } from 'node:timers/promises';
import { unavailable } from '../kernel/problem.js';
import type { Entry, Landed, LogRow } from './entry.js';

/** Acknowledges and announces what has landed: within one conversation in the order of the numbers. */
export interface Releases<Row extends LogRow> {
  release(entry: Entry<Row>, landed: Landed<Row>): void;
  /** Waits until everything is acknowledged and announced. */
  idle(): Promise<void>;
}

/** Acknowledges a row and tells of it, once what has to be written before is written. */
async function tell<Row extends LogRow>(
  entry: Entry<Row>,
  landed: Landed<Row>,
  finished: Promise<Error | null>,
  onError: (error: unknown) => void,
) {
  const failure = await finished;
  if (failure) {
    onError(failure);
    return entry.reject(unavailable(failure));
  }
  entry.resolve(landed);
  // The acknowledgement leaves first.
  await macrotask();
  try {
    await entry.announce(landed.row);
  } catch (error) {
    onError(error);
  }
}

/** Finishes at once, beside what stands before it in its turn. */
function finishing<Row extends LogRow>(entry: Entry<Row>, { row }: Landed<Row>): Promise<Error | null> {
  if (!entry.finish) return Promise.resolve(null);
  return entry.finish(row).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}

/** Gives the releases of one kind of rows. */
export function createReleases<Row extends LogRow>(onError: (error: unknown) => void): Releases<Row> {
  const turns = new Map<string, Promise<void>>();
  return {
    release(entry, landed) {
      const key = String(landed.row.conversationId);
      const finished = finishing(entry, landed);
      const turn = (turns.get(key) ?? Promise.resolve()).then(() => tell(entry, landed, finished, onError));
      turns.set(key, turn);
      void turn.then(() => {
        if (turns.get(key) === turn) turns.delete(key);
      });
    },
    async idle() {
      while (turns.size > 0) await Promise.all(turns.values());
    },
  };
}
