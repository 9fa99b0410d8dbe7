import { withTimeout } from './timeouts.js';

const minMs = 10_000;

/** Runs work at an interval, never twice at once, and gives up on a run that never ends. Returns a function that stops it. */
export function every(everyMs: number, work: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    withTimeout(work(), Math.max(minMs, 10 * everyMs))
      .catch(onError)
      .finally(() => (isBusy = false));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
