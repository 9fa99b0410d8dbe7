import { unavailable } from './problem.js';

/** How long a request waits for the store before it is answered `unavailable`, in milliseconds. */
export const timeoutMs = 6_000;

/**
 * Waits for a promise with a limit; throws `unavailable` when the time is over. The work may still complete later, so
 * this is only for work that is safe to repeat.
 */
export async function withTimeout<Result>(something: Promise<Result>, ms = timeoutMs): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable(new Error(`not done within ${ms} ms`))), ms);
    timer.unref();
  });
  try {
    return await Promise.race([something, late]);
  } finally {
    clearTimeout(timer);
  }
}
