import { expect, it } from 'vitest';
import { isValidLink } from './mail-links.js';

const now = new Date('2030-01-01T12:00:00Z');
const [before, after] = [new Date(now.getTime() - 1), new Date(now.getTime() + 1)];

it.each([
  ['the newest link', { id: 'a', expiresAt: after, usedAt: null }, true],
  ['a link that was used', { id: 'a', expiresAt: after, usedAt: before }, false],
  ['a link that expires now', { id: 'a', expiresAt: now, usedAt: null }, false],
  ['a link that was replaced', { id: 'b', expiresAt: after, usedAt: null }, false],
  ['a link of an account without one', null, false],
])('%s is valid: %s', (_what, newest, expected) => {
  expect(isValidLink(newest, 'a', now)).toBe(expected);
});
