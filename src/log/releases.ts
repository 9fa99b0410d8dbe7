import { setImmediate as macrotask } from 'node:timers/promises';
import type { Entry, Landed, LogRow } from './entry.js';

/** Acknowledges and announces what has landed: within one conversation in the order of the numbers. */
export interface Releases<Row extends LogRow> {
  release(entry: Entry<Row>, landed: Landed<Row>): void;
  /** Waits until everything is acknowledged and announced. */
  idle(): Promise<void>;
}

async function tell<Row extends LogRow>(entry: Entry<Row>, landed: Landed<Row>, onError: (error: unknown) => void) {
  entry.resolve(landed);
  // The acknowledgement leaves first.
  await macrotask();
  try {
    await entry.announce(landed.row);
  } catch (error) {
    onError(error);
  }
}

/** Gives the releases of one kind of rows. */
export function createReleases<Row extends LogRow>(onError: (error: unknown) => void): Releases<Row> {
  const turns = new Map<string, Promise<void>>();
  return {
    release(entry, landed) {
      const key = String(landed.row.conversationId);
      const turn = (turns.get(key) ?? Promise.resolve()).then(() => tell(entry, landed, onError));
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
