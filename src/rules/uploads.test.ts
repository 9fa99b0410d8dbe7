import { expect, it } from 'vitest';
import { carries, isStale, parseReservation, reservationKeys } from './uploads.js';

const [conversationId, userId] = ['6560c0ffee00000000000001', '6560c0ffee00000000000002'];

it.each([
  [reservationKeys.message(conversationId, userId, 'a b'), { by: 'message', conversationId, userId, clientId: 'a b' }],
  [reservationKeys.avatar(userId), { by: 'avatar', userId }],
  [reservationKeys.photo(conversationId), { by: 'photo', conversationId }],
  [undefined, null],
])('the key %j names its carrier', (key, expected) => {
  expect(parseReservation(key)).toEqual(expected);
});

it('the keys of the messages of a conversation have one beginning, which no other key has', () => {
  const beginning = reservationKeys.messagesOf(conversationId);
  expect(reservationKeys.message(conversationId, userId, 'x').startsWith(beginning)).toBe(true);
  expect(reservationKeys.photo(conversationId).startsWith(beginning)).toBe(false);
});

it.each([
  ['claimed', 15_001, true],
  ['claimed', 15_000, false],
  ['attached', 86_400_000, false],
  ['free', 86_400_000, false],
  ['going', 86_400_000, false],
] as const)('an upload that has been %s for %i ms: stale %s', (stage, ms, expected) => {
  expect(isStale({ stage, since: new Date(0) }, new Date(ms))).toBe(expected);
});

it.each([
  [{ _id: 'a' }, true],
  [{ _id: 'b' }, false],
  [null, false],
  [undefined, false],
])('what shows %j carries upload a: %s', (shown, expected) => {
  expect(carries(shown, 'a')).toBe(expected);
});
