import { setTimeout as wait } from 'node:timers/promises';
import type { InFlight } from '../kernel/in-flight.js';
import type { Log } from './log.js';

interface Deps {
  log: Pick<Log, 'drained'>;
  inFlight: Pick<InFlight, 'drained'>;
  /** Whether other processes may write. */
  isShared: boolean;
}

/** How long another process may take to write what it had allowed before a removal. */
const otherProcessesMs = 1000;

/** Creates the wait of removals, blocks and deletions: when it ends, everything that was allowed before it is written or rejected. */
export function createDrain({ log, inFlight, isShared }: Deps): () => Promise<void> {
  return async function drained() {
    await Promise.all([log.drained(), inFlight.drained()]);
    if (isShared) await wait(otherProcessesMs);
  };
}
