/** Roles in a group, highest rank first, and what members may do. */

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
/** What a member may do in a conversation. */
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
