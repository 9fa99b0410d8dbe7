import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Answer } from './client.js';

/** Longer than any server is down in a test. */
const patienceMs = 45_000;

/** Repeats a request until it gets one of the allowed statuses, through lost connections and 503s, as a persistent client does. */
export async function untilAnswered<Body>(
  ask: () => Promise<Answer<Body>>,
  allowed: readonly number[],
): Promise<Answer<Body>> {
  const until = Date.now() + patienceMs;
  for (let tries = 1; ; tries += 1) {
    const answer = await ask().catch((error: unknown) => error as Error);
    if (!(answer instanceof Error)) {
      if (allowed.includes(answer.status)) return answer;
      expect(answer.status, answer.text).toBe(503);
    }
    if (Date.now() > until)
      throw new Error(`not answered after ${tries} tries: ${answer instanceof Error ? answer.message : answer.text}`);
    await wait(20);
  }
}
