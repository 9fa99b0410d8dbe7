import { unavailable } from './problem.js';

/** How long anybody waits for the store before he is told that it cannot answer. */
export const timeoutMs = 6_000;

/**
 * Waits for something, but not for ever: throws `unavailable` when it takes longer. What was waited for may still
 * happen, so only what is safe to repeat may be given up in this way.
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
