import { withTimeout } from './timeouts.js';

const minMs = 10_000;

/** Does a piece of work again and again, never twice at once; one that never ends is given up. Gives what stops it. */
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
