import { describe, expect, it } from 'vitest';
import { digestKeyOf, isCounted, isMuted, isNewTo, sees } from './notifications.js';

const at = new Date('2026-01-01T00:00:00.000Z');
const later = new Date(at.getTime() + 1);

describe('which messages count as unread', () => {
  it.each([
    ['a text', { type: 'text', deletedAt: null }, true],
    ['an attachment', { type: 'media', deletedAt: null }, true],
    ['a tombstone', { type: 'text', deletedAt: at }, false],
    ['a system message', { type: 'system', deletedAt: null }, false],
  ])('%s', (_name, message, expected) => expect(isCounted(message)).toBe(expected));
});

describe('which members have muted a conversation', () => {
  it.each([
    ['never muted', null, false],
    ['muted until now', at, false],
    ['muted until later', later, true],
  ])('%s', (_name, mutedUntil, expected) => expect(isMuted({ mutedUntil }, at)).toBe(expected));
});

const member = { userId: 'u', conversationId: 'c', joinedSeq: 2, clearedSeq: 0, readSeq: 2, mutedUntil: null };
const message = { type: 'text', senderId: 'other', seq: 5, deletedAt: null };

describe('which messages are new to a member', () => {
  it.each([
    ['one above everything', {}, {}, true],
    ['one that they have read', { readSeq: 5 }, {}, false],
    ['the one after the last read', { readSeq: 4 }, {}, true],
    ['one from before they joined', { joinedSeq: 5 }, {}, false],
    ['one from before they cleared the conversation', { clearedSeq: 5 }, {}, false],
    ['their own', {}, { senderId: 'u' }, false],
  ])('%s', (_name, facts, more, expected) =>
    expect(isNewTo({ ...member, ...facts }, { ...message, ...more })).toBe(expected),
  );
});

describe('which messages a member sees', () => {
  it.each([
    [2, 0, 2, false],
    [2, 0, 3, true],
    [2, 4, 4, false],
    [2, 4, 5, true],
  ])('joined at %i, cleared at %i: message %i', (joinedSeq, clearedSeq, seq, expected) =>
    expect(sees({ ...member, joinedSeq, clearedSeq }, { seq })).toBe(expected),
  );
});

it('a digest is another one as soon as its reader has read on, joined again or cleared', () => {
  const keys = [{}, { readSeq: 3 }, { clearedSeq: 4 }, { joinedSeq: 9 }, { conversationId: 'd' }].map((facts) =>
    digestKeyOf({ ...member, ...facts }),
  );
  expect(new Set(keys).size).toBe(keys.length);
  expect(digestKeyOf({ ...member, mutedUntil: later })).toBe(keys[0]);
});
