import { expect } from 'vitest';
import type { Answer } from './client.js';

/** Expects a 429 whose body and headers say when to retry. */
export function expectLimited(answer: Answer, limit?: number): void {
  expect([answer.status, answer.code]).toEqual([429, 'rate_limited']);
  const retryAfter = Number(answer.headers.get('retry-after'));
  expect(retryAfter).toBe(Math.ceil(answer.problem.retryAfterMs! / 1000));
  expect(retryAfter).toBeGreaterThan(0);
  expect(answer.headers.get('ratelimit-limit')).toMatch(limit === undefined ? /^\d+$/ : new RegExp(`^${limit}$`));
  expect(answer.headers.get('ratelimit-remaining')).toBe('0');
  expect(Number(answer.headers.get('ratelimit-reset'))).toBe(retryAfter);
}
