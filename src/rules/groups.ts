import { type Role } from '@causerie/contract/roles';
import type { ProblemCode } from '@causerie/contract/problem-codes';
import { toPermissions, rankOf } from './roles.js';

/** What somebody wants to do in a group. `target` and `role` are the other member's role and the one he shall have. */
export type GroupAction =
  | { action: 'edit_info' | 'add_members' | 'transfer' | 'delete_group' | 'leave' }
  | { action: 'remove_members'; target: Role }
  | { action: 'set_role'; target: Role; role: Role; isSelf: boolean };

/** Why a member may not do something in a group; null if he may. */
export function groupRefusal(actor: Role, wish: GroupAction): ProblemCode | null {
  return isAllowed(actor, wish) ? null : 'forbidden';
}

function isAllowed(actor: Role, wish: GroupAction): boolean {
  const may = toPermissions(actor);
  if (wish.action === 'remove_members') return may.includes('remove_members') && rankOf(actor) < rankOf(wish.target);
  if (wish.action !== 'set_role') return may.includes(wish.action);
  const { target, role, isSelf } = wish;
  // Stepping down is always allowed, except for the creator, who transfers.
  if (isSelf) return actor !== 'creator' && rankOf(role) >= rankOf(actor);
  return may.includes('set_roles') && rankOf(actor) < rankOf(target) && rankOf(actor) < rankOf(role);
}
