import type { ProblemCode } from '@causerie/contract/problem-codes';
import { expect, it } from 'vitest';
import { canRaiseTo, floorOf, isInList, isQuiet, isUnread, refusalOfOpening, startOf } from './conversations.js';

it.each<[joinedSeq: number, clearedSeq: number, expected: number]>([
  [0, 0, 0],
  [5, 0, 5],
  [0, 7, 7],
  [5, 7, 7],
  [7, 5, 7],
])('a member who joined at %i and emptied up to %i starts at %i', (joinedSeq, clearedSeq, expected) => {
  expect(startOf({ joinedSeq, clearedSeq })).toBe(expected);
});

it.each<[readSeq: number, joinedSeq: number, clearedSeq: number, expected: number]>([
  [0, 0, 0, 0],
  [9, 5, 7, 9],
  [6, 5, 7, 7],
  [4, 5, 0, 5],
  [6, 5, 0, 6],
])(
  'a member who read %i, joined at %i and emptied up to %i has the floor %i',
  (readSeq, joinedSeq, clearedSeq, expected) => {
    expect(floorOf({ readSeq, joinedSeq, clearedSeq })).toBe(expected);
  },
);

it.each<[isListed: boolean, seq: number, start: number, expected: boolean]>([
  [false, 0, 0, false],
  [false, 5, 5, false],
  [false, 6, 5, true],
  [true, 0, 0, true],
  [true, 5, 5, true],
  [true, 6, 5, true],
])('a conversation (listed %s) with head %i and start %i is in the list: %s', (isListed, seq, start, expected) => {
  expect(isInList({ isListed, seq, joinedSeq: start, clearedSeq: 0 })).toBe(expected);
  expect(isInList({ isListed, seq, joinedSeq: 0, clearedSeq: start })).toBe(expected);
});

it.each<[markedUnread: boolean, unreadCount: number, expected: boolean]>([
  [false, 0, false],
  [false, 1, true],
  [true, 0, true],
  [true, 1, true],
])('a conversation marked unread (%s) with %i unread is unread: %s', (markedUnread, unreadCount, expected) => {
  expect(isUnread({ markedUnread, unreadCount })).toBe(expected);
});

const now = new Date('2030-01-01T12:00:00.000Z');
const before = new Date(now.getTime() - 1);
const after = new Date(now.getTime() + 1);

it.each<[archived: boolean, mutedUntil: Date | null, expected: boolean]>([
  [false, null, false],
  [false, before, false],
  [false, now, false],
  [false, after, true],
  [true, null, true],
  [true, before, true],
  [true, after, true],
])('a conversation archived (%s) and muted until %s is quiet: %s', (archived, mutedUntil, expected) => {
  expect(isQuiet({ archived, mutedUntil, now })).toBe(expected);
});

it.each<[seq: number, lastSeq: number, expected: boolean]>([
  [0, 0, true],
  [1, 0, false],
  [4, 5, true],
  [5, 5, true],
  [6, 5, false],
])('a receipt may move to %i where the last message is %i: %s', (seq, lastSeq, expected) => {
  expect(canRaiseTo({ seq, lastSeq })).toBe(expected);
});

it.each<[canWrite: boolean, isCrowded: boolean, expected: ProblemCode | null]>([
  [true, false, null],
  [true, true, 'conflict'],
  [false, false, 'not_contactable'],
  [false, true, 'not_contactable'],
])('opening (write %s, crowded %s) is refused with %s', (canWrite, isCrowded, expected) => {
  expect(refusalOfOpening({ canWrite, isCrowded })).toBe(expected);
});
