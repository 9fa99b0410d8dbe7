/** Roles in a group, and what each may do: one table for rules, answers and documents. */

export const roles = ['creator', 'admin', 'moderator', 'member'] as const;
export type Role = (typeof roles)[number];

export const systemKinds = [
  'group_created',
  'member_added',
  'member_left',
  'member_removed',
  'role_changed',
  'title_changed',
  'description_changed',
  'photo_changed',
  'ownership_transferred',
] as const;
export type SystemKind = (typeof systemKinds)[number];

/** 0 for the creator, 3 for a member. */
export function rankOf(role: Role): number {
  return roles.indexOf(role);
}

/** What somebody may do in a conversation, by the names that clients know. */
export const permissions = [
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
] as const;
export type Permission = (typeof permissions)[number];

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
