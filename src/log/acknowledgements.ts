import { setImmediate as macrotask } from 'node:timers/promises';
import { createKeyedQueue } from '../kernel/keyed-queue.js';
import { unavailable } from '../kernel/problem.js';
import type { Entry, Committed } from './entry.js';
import type { LogRow } from '../repositories/log-repository.js';

/** Acknowledges and publishes committed rows, in the order of the numbers within one conversation. */
export interface Acknowledgements<Row extends LogRow> {
  acknowledge(entry: Entry<Row>, committed: Committed<Row>): void;
  /** Waits until everything is acknowledged and published. */
  idle(): Promise<void>;
}

/** Acknowledges and publishes a row once everything that must be written before is written. */
async function acknowledge<Row extends LogRow>(
  entry: Entry<Row>,
  committed: Committed<Row>,
  finished: Promise<Error | null>,
  onError: (error: unknown) => void,
) {
  const failure = await finished;
  if (failure) {
    onError(failure);
    return entry.reject(unavailable(failure));
  }
  entry.resolve(committed);
  // The acknowledgement leaves first.
  await macrotask();
  try {
    await entry.announce(committed.row);
  } catch (error) {
    onError(error);
  }
}

/** Starts at once, beside the rows that are acknowledged before this one. */
function finishing<Row extends LogRow>(entry: Entry<Row>, { row }: Committed<Row>): Promise<Error | null> {
  if (!entry.finish) return Promise.resolve(null);
  return entry.finish(row).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}

export function createAcknowledgements<Row extends LogRow>(onError: (error: unknown) => void): Acknowledgements<Row> {
  const queue = createKeyedQueue();
  return {
    acknowledge(entry, committed) {
      const finished = finishing(entry, committed);
      queue.run(committed.row.conversationId, () => acknowledge(entry, committed, finished, onError)).catch(onError);
    },
    idle: queue.idle,
  };
}
