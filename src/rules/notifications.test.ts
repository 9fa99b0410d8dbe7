import { describe, expect, it } from 'vitest';
import {
  addressOf,
  digestKeyOf,
  isCounted,
  isInDigest,
  isMuted,
  isNewTo,
  isSuperseded,
  notificationOfGroupChange,
  sees,
} from './notifications.js';

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

describe('which messages address a member', () => {
  const addressed = { member, message, quoted: null, isMentioned: false, hasBlocked: false, now: at };
  const muted = { ...member, mutedUntil: later };
  it.each([
    ['a mention', { isMentioned: true }, 'mention'],
    ['a mention in a muted conversation', { isMentioned: true, member: muted }, 'mention'],
    ['a mention in a reply to them', { isMentioned: true, quoted: { seq: 3 } }, 'mention'],
    ['a mention by a user they have blocked', { isMentioned: true, hasBlocked: true }, null],
    ['a mention that they have read', { isMentioned: true, member: { ...member, readSeq: 5 } }, null],
    ['a reply', { quoted: { seq: 3 } }, 'reply'],
    ['a reply in a muted conversation', { quoted: { seq: 3 }, member: muted }, null],
    ['a reply to a message that they see no more', { quoted: { seq: 2 } }, null],
    ['a reply by a user they have blocked', { quoted: { seq: 3 }, hasBlocked: true }, null],
  ])('%s', (_name, change, expected) => expect(addressOf({ ...addressed, ...change })).toBe(expected));
});

describe('which messages belong to an unread digest', () => {
  const digest = { member, message, isAddressed: false, hasBlocked: false };
  it.each([
    ['a new one', {}, true],
    ['one that was notified by name', { isAddressed: true }, false],
    ['one by a user they have blocked', { hasBlocked: true }, false],
    ['one that they have read', { member: { ...member, readSeq: 5 } }, false],
  ])('%s', (_name, change, expected) => expect(isInDigest({ ...digest, ...change })).toBe(expected));
});

describe('which notifications are superseded', () => {
  it.each([
    ['a digest of what is unread', member, { kind: 'message', source: 'c 2', seq: 0 }, false],
    ['a digest after reading on', { ...member, readSeq: 5 }, { kind: 'message', source: 'c 2', seq: 0 }, true],
    ['a mention that is unread', member, { kind: 'mention', source: 'm', seq: 5 }, false],
    ['a mention that was read', { ...member, readSeq: 5 }, { kind: 'mention', source: 'm', seq: 5 }, true],
    ['anything of a former member', null, { kind: 'reply', source: 'm', seq: 5 }, true],
  ] as const)('%s', (_name, reader, row, expected) => expect(isSuperseded(reader, row)).toBe(expected));
});

describe('which changes of a group are notified', () => {
  it.each([
    ['group_created', null, { kind: 'group_added' }],
    ['member_added', null, { kind: 'group_added' }],
    ['member_removed', null, { kind: 'group_removed' }],
    ['member_left', null, null],
    ['ownership_transferred', null, { kind: 'role_changed', role: 'creator' }],
    ['role_changed', 'admin', { kind: 'role_changed', role: 'admin' }],
  ] as const)('%s (%s)', (kind, role, expected) => expect(notificationOfGroupChange({ kind, role })).toEqual(expected));
});
