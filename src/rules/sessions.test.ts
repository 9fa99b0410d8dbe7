import { expect, it } from 'vitest';
import { accessExpiry, isAlive, lifetimes, purgeTime, verdictOnRetired } from './sessions.js';

const at = (ms: number): Date => new Date(Date.UTC(2030, 0, 1) + ms);
const minute = 60_000;
const hour = 60 * minute;

it.each([
  [null, hour, true],
  [null, 0, false],
  [null, -1, false],
  [-minute, hour, false],
])('a session ended at %s that expires at %s is alive: %s', (endedAt, expiresAt, expected) => {
  const row = { endedAt: endedAt === null ? null : at(endedAt), expiresAt: at(expiresAt) };
  expect(isAlive(row, at(0))).toBe(expected);
});

const rotated = {
  counter: 5,
  previousHash: 'hash of 4',
  rotatedAt: at(0),
  refreshExpiresAt: at(hour),
  expiresAt: at(hour),
  endedAt: null as Date | null,
};

it.each([
  ['the token before, within the grace period', { counter: 4, hash: 'hash of 4' }, 30_000, {}, 'repeat'],
  ['the token before, after the grace period', { counter: 4, hash: 'hash of 4' }, 30_001, {}, 'reused'],
  ['an older token', { counter: 3, hash: 'hash of 3' }, 0, {}, 'reused'],
  ['another hash under the number before', { counter: 4, hash: 'another' }, 0, {}, 'reused'],
  ['the current number', { counter: 5, hash: 'hash of 5' }, 0, {}, 'invalid'],
  ['a number of the future', { counter: 6, hash: 'hash of 6' }, 0, {}, 'invalid'],
  ['the token before of an ended session', { counter: 4, hash: 'hash of 4' }, 0, { endedAt: at(0) }, 'invalid'],
  ['the token before, expired', { counter: 4, hash: 'hash of 4' }, 0, { refreshExpiresAt: at(0) }, 'invalid'],
  ['a token of a session that never rotated', { counter: 4, hash: 'x' }, 0, { rotatedAt: null }, 'reused'],
] as const)('%s means: %s', (_what, presented, ms, change, expected) => {
  expect(verdictOnRetired({ ...rotated, ...change }, presented, at(ms))).toBe(expected);
});

it.each([
  [{ accessTtlMs: 15 * minute, refreshTtlMs: 24 * hour }, 100 * hour, 24 * hour, 24 * hour],
  [{ accessTtlMs: 15 * minute, refreshTtlMs: 24 * hour }, hour, hour, hour],
  [{ accessTtlMs: 2 * hour, refreshTtlMs: hour }, 100 * hour, hour, 2 * hour],
])('with %j and an end in %i ms, a refresh token lives %i ms and the session %i ms', (ttl, end, refresh, session) => {
  const expiresAt = at(session);
  expect(lifetimes(at(0), at(end), ttl)).toEqual({
    refreshExpiresAt: at(refresh),
    expiresAt,
    purgeAt: purgeTime(expiresAt),
  });
});

it.each([
  [0, 15 * minute, hour, 15 * minute],
  [500, 15 * minute, hour, 15 * minute + 1_000],
  [0, 15 * minute, 10 * minute + 999, 10 * minute],
])(
  'an access token created at %i ms for %i ms in a session that ends at %i ms expires at %i ms',
  (now, ttl, end, expected) => {
    expect(accessExpiry(at(now), ttl, at(end))).toEqual(at(expected));
  },
);
