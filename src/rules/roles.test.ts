import { type Permission, permissions, type Role } from '@causerie/contract/roles';
import { expect, it } from 'vitest';
import { canModerate, directPermissions, hasPermission, rankOf, roleOfRank, toPermissions } from './roles.js';

it.each<[Role, number]>([
  ['creator', 0],
  ['admin', 1],
  ['moderator', 2],
  ['member', 3],
])('ranks a %s at %i', (role, rank) => {
  expect(rankOf(role)).toBe(rank);
  expect(roleOfRank(rank)).toBe(role);
});

const member: Permission[] = ['send', 'react', 'leave'];
const moderator: Permission[] = ['send', 'react', 'remove_members', 'delete_messages', 'leave'];
const admin: Permission[] = [
  'send',
  'react',
  'edit_info',
  'add_members',
  'remove_members',
  'set_roles',
  'delete_messages',
  'leave',
];
const creator: Permission[] = [
  'send',
  'react',
  'edit_info',
  'add_members',
  'remove_members',
  'set_roles',
  'delete_messages',
  'transfer',
  'delete_group',
  'leave',
];

it.each<[Role, Permission[]]>([
  ['member', member],
  ['moderator', moderator],
  ['admin', admin],
  ['creator', creator],
])('gives a %s of a group its permissions in the order of the contract', (role, expected) => {
  expect(toPermissions(role)).toEqual(expected);
  expect(permissions.filter((one) => hasPermission(role, one))).toEqual(expected);
});

it.each<[canWrite: boolean, canChange: boolean, expected: Permission[]]>([
  [true, true, ['send', 'react']],
  [true, false, ['send']],
  [false, true, ['react']],
  [false, false, []],
])('gives permissions in a direct conversation (write %s, change %s)', (canWrite, canChange, expected) => {
  expect(directPermissions({ canWrite, canChange })).toEqual(expected);
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
])('a %s may delete messages of a %s: %s', (role, authorRole, expected) => {
  expect(canModerate({ role, authorRole })).toBe(expected);
});
