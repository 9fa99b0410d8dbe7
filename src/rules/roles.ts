import type { Role, Permission } from '@causerie/contract/roles';
import { roles, permissions } from '@causerie/contract/roles';

/** Ranks roles: 0 for the creator, 3 for a member. */
export function rankOf(role: Role): number {
  return roles.indexOf(role);
}

export function roleOfRank(rank: number): Role {
  return roles[rank] ?? 'member';
}

/** Each role has the permissions of the role below it, and these. */
const granted: Record<Role, readonly Permission[]> = {
  member: ['send', 'react', 'leave'],
  moderator: ['remove_members', 'delete_messages'],
  admin: ['edit_info', 'add_members', 'set_roles'],
  creator: ['transfer', 'delete_group'],
};

/** The permissions in a direct conversation, as far as the other user allows them. */
export function directPermissions({ canWrite, canChange }: { canWrite: boolean; canChange: boolean }): Permission[] {
  return [...(canWrite ? ['send' as const] : []), ...(canChange ? ['react' as const] : [])];
}

/** The permissions of a role in a group. */
export function toPermissions(role: Role): Permission[] {
  const below = roles.slice(rankOf(role)).flatMap((one) => granted[one]);
  return permissions.filter((permission) => below.includes(permission));
}

export function hasPermission(role: Role, permission: Permission): boolean {
  return toPermissions(role).includes(permission);
}

/** Whether a member of a group may delete messages of another: with the permission, and a rank above the author's. */
export function canModerate({ role, authorRole }: { role: Role; authorRole: Role }): boolean {
  return hasPermission(role, 'delete_messages') && rankOf(role) < rankOf(authorRole);
}
