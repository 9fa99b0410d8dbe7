import type { Role, Permission } from '@causerie/contract/roles';
import { roles, permissions } from '@causerie/contract/roles';

/** 0 for the creator, 3 for a member. */
export function rankOf(role: Role): number {
  return roles.indexOf(role);
}

/** Each role may do what the one below it may, and this. */
const granted: Record<Role, readonly Permission[]> = {
  member: ['send', 'react', 'leave'],
  moderator: ['remove_members', 'delete_messages'],
  admin: ['edit_info', 'add_members', 'set_roles'],
  creator: ['transfer', 'delete_group'],
};

/** What one may do in a direct conversation, as far as the other one allows it. */
export function directPermissions({ mayWrite, mayChange }: { mayWrite: boolean; mayChange: boolean }): Permission[] {
  return [...(mayWrite ? ['send' as const] : []), ...(mayChange ? ['react' as const] : [])];
}

/** What a role may do in a group. */
export function toPermissions(role: Role): Permission[] {
  const below = roles.slice(rankOf(role)).flatMap((one) => granted[one]);
  return permissions.filter((permission) => below.includes(permission));
}
