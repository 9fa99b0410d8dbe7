import type { Privacy } from '@causerie/contract/users';
import { expect, it } from 'vitest';
import {
  canAddToGroup,
  canChange,
  canFind,
  canName,
  canReceive,
  canSeePresence,
  canSeeStatus,
  canWrite,
  type Profile,
  type Relationship,
  showsOf,
} from './people.js';

const stranger: Relationship = {
  isSelf: false,
  isContact: false,
  hasAdded: false,
  isBlocked: false,
  hasBlocked: false,
};
const self: Relationship = { ...stranger, isSelf: true };
const contact: Relationship = { ...stranger, isContact: true };
const added: Relationship = { ...stranger, hasAdded: true };
const blocked: Relationship = { ...contact, isBlocked: true };
const blocker: Relationship = { ...contact, hasBlocked: true };

const open: Privacy = {
  lastSeen: 'everyone',
  readReceipts: true,
  directMessages: 'everyone',
  groupInvites: 'everyone',
  findByEmail: true,
};

function profile(privacy: Partial<Privacy> = {}, isActive = true): Profile {
  return { privacy: { ...open, ...privacy }, isActive, isLeaving: false };
}

type Setting = Privacy['lastSeen'];

it.each<[string, Relationship, Record<Setting, boolean>]>([
  ['the owner', self, { everyone: true, contacts: true, nobody: true }],
  ['a stranger', stranger, { everyone: true, contacts: false, nobody: false }],
  ['a contact of the owner', contact, { everyone: true, contacts: true, nobody: false }],
  ['a user who only added the owner', added, { everyone: true, contacts: false, nobody: false }],
  ['a blocked contact', blocked, { everyone: false, contacts: false, nobody: false }],
  ['a contact who blocked the owner', blocker, { everyone: true, contacts: true, nobody: false }],
])('shows the presence to %s by the setting', (_, relationship, expected) => {
  for (const lastSeen of ['everyone', 'contacts', 'nobody'] as const)
    expect([lastSeen, canSeePresence({ relationship, profile: profile({ lastSeen }) })]).toEqual([
      lastSeen,
      expected[lastSeen],
    ]);
});

it.each<[string, Relationship, boolean]>([
  ['the owner', self, true],
  ['a stranger', stranger, true],
  ['a blocked user', blocked, false],
  ['a user who blocked the owner', blocker, true],
])('shows the status to %s: %s', (_, relationship, expected) => {
  expect(canSeeStatus(relationship)).toBe(expected);
});

it.each<[string, Relationship, active: boolean, inactive: boolean]>([
  ['the owner', self, false, false],
  ['a stranger', stranger, true, false],
  ['a contact', contact, true, false],
  ['a blocked user', blocked, false, false],
  ['a user who blocked the owner', blocker, true, false],
])('lets %s find the owner in the directory (active %s, inactive %s)', (_, relationship, active, inactive) => {
  expect(canFind({ relationship, profile: profile() })).toBe(active);
  expect(canFind({ relationship, profile: profile({}, false) })).toBe(inactive);
});

it.each<[isSelf: boolean, hasAdded: boolean, sharesConversation: boolean, expected: boolean]>([
  [false, false, false, false],
  [false, false, true, true],
  [false, true, false, true],
  [false, true, true, true],
  [true, false, false, true],
  [true, false, true, true],
  [true, true, false, true],
  [true, true, true, true],
])('names a user (self %s, added %s, shared conversation %s): %s', (isSelf, hasAdded, sharesConversation, expected) => {
  expect(canName({ isSelf, hasAdded, sharesConversation })).toBe(expected);
});

it.each<[string, Relationship, everyone: boolean, contacts: boolean]>([
  ['a stranger', stranger, true, false],
  ['a contact of the owner', contact, true, true],
  ['a user who only added the owner', added, true, false],
  ['a blocked contact', blocked, false, false],
  ['a contact who blocked the owner', blocker, true, true],
])('lets %s add the owner to a group (everyone %s, contacts %s)', (_, relationship, everyone, contacts) => {
  const facts = { everyone: profile(), contacts: profile({ groupInvites: 'contacts' }) };
  expect(canAddToGroup({ relationship, profile: facts.everyone })).toBe(everyone);
  expect(canAddToGroup({ relationship, profile: facts.contacts })).toBe(contacts);
  expect(canAddToGroup({ relationship, profile: profile({}, false) })).toBe(false);
});

it.each<[string, Relationship, everyone: boolean, contacts: boolean, answer: boolean]>([
  ['the owner', self, true, true, true],
  ['a stranger', stranger, true, false, true],
  ['a contact of the owner', contact, true, true, true],
  ['a user who only added the owner', added, true, false, true],
  ['a blocked contact', blocked, false, false, false],
  ['a contact who blocked the owner', blocker, false, false, false],
])('lets %s write (everyone %s, contacts %s, in answer %s)', (_, relationship, everyone, contacts, answer) => {
  const closed = profile({ directMessages: 'contacts' });
  expect(canWrite({ relationship, profile: profile(), hasWritten: false })).toBe(everyone);
  expect(canWrite({ relationship, profile: profile(), hasWritten: true })).toBe(everyone);
  expect(canWrite({ relationship, profile: closed, hasWritten: false })).toBe(contacts);
  expect(canWrite({ relationship, profile: closed, hasWritten: true })).toBe(answer);
});

it.each<[hasWritten: boolean]>([[false], [true]])(
  'lets nobody else write to an inactive owner (written %s)',
  (hasWritten) => {
    expect(canWrite({ relationship: contact, profile: profile({}, false), hasWritten })).toBe(false);
    expect(canWrite({ relationship: self, profile: profile({}, false), hasWritten })).toBe(true);
  },
);

it.each<[isBlocked: boolean, hasBlocked: boolean, change: boolean, receive: boolean]>([
  [false, false, true, true],
  [true, false, false, true],
  [false, true, false, false],
  [true, true, false, false],
])('a block (owner %s, viewer %s) allows changes: %s, notifications: %s', (isBlocked, hasBlocked, change, receive) => {
  expect(canChange({ isBlocked, hasBlocked })).toBe(change);
  expect(canReceive({ hasBlocked })).toBe(receive);
});

it.each<[reader: boolean, other: boolean | null, hasBlocked: boolean, delivered: boolean, read: boolean]>([
  [true, null, false, true, true],
  [false, null, false, true, false],
  [true, true, false, true, true],
  [true, false, false, true, false],
  [false, true, false, true, false],
  [false, false, false, true, false],
  [true, true, true, false, false],
  [false, true, true, false, false],
  [true, false, true, false, false],
])(
  'receipts (reader shows %s, other shows %s, other blocked %s) advance: delivered %s, read %s',
  (reader, other, hasBlocked, delivered, read) => {
    const facts =
      other === null ? null : { relationship: { ...stranger, hasBlocked }, profile: profile({ readReceipts: other }) };
    expect(showsOf(profile({ readReceipts: reader }), facts)).toEqual({ delivered, read });
  },
);
