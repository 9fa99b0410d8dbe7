import type { Role } from '@causerie/contract/roles';
import { describe, expect, it } from 'vitest';
import {
  admit,
  canBeMember,
  canRemoveMember,
  canSetRole,
  type GroupCandidate,
  type GroupRoles,
  roleOf,
  rolesAfterTransfer,
  rolesWithout,
  successorOf,
  withRole,
} from './groups.js';

const group: GroupRoles = {
  creatorId: 'cleo',
  elevated: [
    { userId: 'adam', role: 'admin' },
    { userId: 'mona', role: 'moderator' },
  ],
};
const [adam, mona] = [
  { userId: 'adam', role: 'admin' },
  { userId: 'mona', role: 'moderator' },
];

it.each<[string, Role]>([
  ['cleo', 'creator'],
  ['adam', 'admin'],
  ['mona', 'moderator'],
  ['fred', 'member'],
])('finds the role of %s: %s', (userId, role) => {
  expect(roleOf(group, userId)).toBe(role);
});

it.each<[Role, Role, boolean]>([
  ['creator', 'creator', false],
  ['creator', 'admin', true],
  ['creator', 'moderator', true],
  ['creator', 'member', true],
  ['admin', 'creator', false],
  ['admin', 'admin', false],
  ['admin', 'moderator', true],
  ['admin', 'member', true],
  ['moderator', 'creator', false],
  ['moderator', 'admin', false],
  ['moderator', 'moderator', false],
  ['moderator', 'member', true],
  ['member', 'creator', false],
  ['member', 'admin', false],
  ['member', 'moderator', false],
  ['member', 'member', false],
])('a %s may remove a %s: %s', (role, targetRole, expected) => {
  expect(canRemoveMember({ role, targetRole })).toBe(expected);
});

describe('roles that are given', () => {
  it.each<[Role, Role, Role, boolean]>([
    ['creator', 'member', 'admin', true],
    ['creator', 'admin', 'moderator', true],
    ['creator', 'admin', 'member', true],
    ['creator', 'member', 'creator', false],
    ['admin', 'member', 'moderator', true],
    ['admin', 'moderator', 'member', true],
    ['admin', 'member', 'admin', false],
    ['admin', 'moderator', 'creator', false],
    ['admin', 'admin', 'member', false],
    ['admin', 'creator', 'member', false],
    ['moderator', 'member', 'moderator', false],
    ['moderator', 'member', 'member', false],
    ['member', 'member', 'moderator', false],
  ])('a %s may make a %s a %s: %s', (role, targetRole, newRole, expected) => {
    expect(canSetRole({ role, targetRole, newRole, isSelf: false })).toBe(expected);
  });

  it.each<[Role, Role, boolean]>([
    ['creator', 'admin', false],
    ['creator', 'creator', false],
    ['admin', 'creator', false],
    ['admin', 'admin', true],
    ['admin', 'member', true],
    ['moderator', 'admin', false],
    ['moderator', 'member', true],
    ['member', 'moderator', false],
    ['member', 'member', true],
  ])('a %s may make themselves a %s: %s', (role, newRole, expected) => {
    expect(canSetRole({ role, targetRole: role, newRole, isSelf: true })).toBe(expected);
  });
});

describe('admission', () => {
  const relationship = { isSelf: false, isContact: false, hasAdded: false, isBlocked: false, hasBlocked: false };
  const privacy = { lastSeen: 'everyone', readReceipts: true, directMessages: 'everyone' } as const;
  const profile = {
    privacy: { ...privacy, groupInvites: 'everyone', findByEmail: false },
    isActive: true,
    isLeaving: false,
  } as const;
  const person = { profile, relationship };
  const willing = (userId: string): GroupCandidate => ({ userId, person, isCrowded: false });
  const missing: GroupCandidate = { userId: 'nemo', person: null, isCrowded: false };
  const blocking: GroupCandidate = {
    userId: 'bess',
    person: { profile, relationship: { ...relationship, isBlocked: true } },
    isCrowded: false,
  };
  const crowded: GroupCandidate = { ...willing('carl'), isCrowded: true };

  it.each<[string, GroupCandidate[], number, string[], [string, string][]]>([
    ['nobody', [], 3, [], []],
    ['those who accept', [willing('a'), willing('b')], 3, ['a', 'b'], []],
    ['the first ones if there is little room', [willing('a'), willing('b')], 1, ['a'], [['b', 'conflict']]],
    ['nobody into a full group', [willing('a')], 0, [], [['a', 'conflict']]],
    ['nobody into an overfull group', [willing('a')], -1, [], [['a', 'conflict']]],
    [
      'and refuses the others in their order',
      [missing, willing('a'), blocking, crowded, willing('b'), willing('c')],
      2,
      ['a', 'b'],
      [
        ['nemo', 'not_found'],
        ['bess', 'not_contactable'],
        ['carl', 'conflict'],
        ['c', 'conflict'],
      ],
    ],
    ['nobody, and says first why they cannot be added', [blocking], 0, [], [['bess', 'not_contactable']]],
    ['nobody who does not exist', [{ ...missing, isCrowded: true }], 0, [], [['nemo', 'not_found']]],
  ])('admits %s', (_name, candidates, room, admitted, refused) => {
    expect(admit(candidates, room)).toEqual({
      admitted,
      refused: refused.map(([userId, code]) => ({ userId, code })),
    });
  });

  it.each<[Parameters<typeof canBeMember>[0], boolean]>([
    ['active', true],
    ['disabled', true],
    ['leaving', true],
    ['erasing', false],
    ['erased', false],
    [null, false],
  ])('lets an account that is %s stay: %s', (state, expected) => {
    expect(canBeMember(state)).toBe(expected);
  });
});

it.each<[string, Role, unknown[]]>([
  ['fred', 'admin', [adam, mona, { userId: 'fred', role: 'admin' }]],
  ['fred', 'member', [adam, mona]],
  ['mona', 'admin', [adam, { userId: 'mona', role: 'admin' }]],
  ['adam', 'member', [mona]],
  ['adam', 'creator', [mona]],
])('makes %s a %s', (userId, role, elevated) => {
  expect(withRole(group, userId, role)).toEqual({ roles: [{ userId, role }], set: { elevated } });
});

it.each<[string, unknown[]]>([
  ['adam', [mona, { userId: 'cleo', role: 'admin' }]],
  ['fred', [adam, mona, { userId: 'cleo', role: 'admin' }]],
])('transfers a group to %s', (to, elevated) => {
  expect(rolesAfterTransfer(group, { from: 'cleo', to })).toEqual({
    roles: [
      { userId: to, role: 'creator' },
      { userId: 'cleo', role: 'admin' },
    ],
    set: { creatorId: to, elevated },
  });
});

it.each<[string, string | null, unknown]>([
  ['fred', null, { roles: [], set: { elevated: [adam, mona] } }],
  ['mona', null, { roles: [], set: { elevated: [adam] } }],
  ['cleo', null, { roles: [], set: { creatorId: null, elevated: [adam, mona] } }],
  ['cleo', 'adam', { roles: [{ userId: 'adam', role: 'creator' }], set: { creatorId: 'adam', elevated: [mona] } }],
  [
    'cleo',
    'fred',
    { roles: [{ userId: 'fred', role: 'creator' }], set: { creatorId: 'fred', elevated: [adam, mona] } },
  ],
])('takes %s out of the roles, with %s as the successor', (userId, successorId, expected) => {
  expect(rolesWithout(group, userId, successorId)).toEqual(expected);
});

describe('succession', () => {
  const joined = (userId: string, rank: number, day: number, _id = userId) => ({
    _id,
    userId,
    rank,
    joinedAt: new Date(Date.UTC(2026, 0, day)),
  });
  const cleo = joined('cleo', 0, 1);

  it.each<[string, ReturnType<typeof joined>[], string | null]>([
    ['nobody if the creator is alone', [cleo], null],
    ['the only other member', [cleo, joined('fred', 3, 2)], 'fred'],
    ['an admin before a moderator who joined earlier', [cleo, joined('mona', 2, 1), joined('adam', 1, 5)], 'adam'],
    ['a moderator before a member who joined earlier', [joined('fred', 3, 1), cleo, joined('mona', 2, 5)], 'mona'],
    ['the admin who joined first', [joined('anna', 1, 4), joined('adam', 1, 3), cleo], 'adam'],
    ['the member who joined first', [cleo, joined('fred', 3, 3), joined('fay', 3, 2)], 'fay'],
    ['the lower id if two joined at once', [cleo, joined('fred', 3, 2, '2'), joined('fay', 3, 2, '1')], 'fay'],
  ])('passes a group on to %s', (_name, members, expected) => {
    expect(successorOf(members, 'cleo')?.userId ?? null).toBe(expected);
  });
});
