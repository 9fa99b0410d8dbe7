import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Answer } from './client.js';

/** Asks again and again until it is answered, as a client does that never gives up. */
export async function insist(ask: () => Promise<Answer>, allowed: readonly number[]): Promise<Answer> {
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer && allowed.includes(answer.status)) return answer;
    if (answer) expect(answer.status, answer.text).toBe(503);
    await wait(20);
  }
}
