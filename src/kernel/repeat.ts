import { inTime } from './patience.js';

const leastMs = 10_000;

/** Does a piece of work again and again, never twice at once; one that never ends is given up. Gives what stops it. */
export function repeat(everyMs: number, work: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    inTime(work(), Math.max(leastMs, 10 * everyMs))
      .catch(onError)
      .finally(() => (isBusy = false));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
