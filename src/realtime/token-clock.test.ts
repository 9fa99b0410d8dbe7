import { afterEach, expect, it, vi } from 'vitest';
import { createTokenClock } from './token-clock.js';

const day = 86_400_000;
const minute = 60_000;

afterEach(() => vi.useRealTimers());

function startClock(lifeMs: number) {
  vi.useFakeTimers();
  const published: string[] = [];
  const clock = createTokenClock('socket', { publish: (event) => void published.push(event) });
  clock.set(new Date(Date.now() + lifeMs));
  return { clock, published };
}

it.each([
  ['of 15 minutes', 15 * minute, 14 * minute],
  ['of a minute', minute, minute / 2],
  ['of 30 days, which is longer than a timer can be', 30 * day, 30 * day - minute],
  ['of 100 days', 100 * day, 100 * day - minute],
])('a token %s is warned of before it expires, and neither too early', (_what, lifeMs, warningMs) => {
  const { published } = startClock(lifeMs);
  vi.advanceTimersByTime(warningMs - 1);
  expect(published).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(published).toEqual(['session.expiring']);
  vi.advanceTimersByTime(lifeMs - warningMs - 1);
  expect(published).toEqual(['session.expiring']);
  vi.advanceTimersByTime(1);
  expect(published).toEqual(['session.expiring', 'session.expired']);
});

it('a clock that is stopped, or set again, publishes nothing of the token before', () => {
  const { clock, published } = startClock(100 * day);
  vi.advanceTimersByTime(50 * day);
  clock.stop();
  vi.advanceTimersByTime(100 * day);
  expect(published).toEqual([]);
});
