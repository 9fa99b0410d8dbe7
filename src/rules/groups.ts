/** The rules of groups: what members may do to each other, which users can be added, and how roles pass on. */
import type { Refused } from '@causerie/contract/groups';
import type { Role } from '@causerie/contract/roles';
import { canAddToGroup, type Profile, type Relationship } from './people.js';
import { hasPermission, rankOf } from './roles.js';

/** The roles of a group; members who are not listed have the role `member`. */
export interface GroupRoles {
  creatorId: string | null;
  elevated: readonly { userId: string; role: 'admin' | 'moderator' }[];
}

/** New roles of members, and the fields of the group that hold them. */
export interface RoleChange {
  roles: { userId: string; role: Role }[];
  set: { creatorId?: string | null; elevated: { userId: string; role: 'admin' | 'moderator' }[] };
}

export function roleOf({ creatorId, elevated }: GroupRoles, userId: string): Role {
  if (creatorId === userId) return 'creator';
  return elevated.find((one) => one.userId === userId)?.role ?? 'member';
}

/** Whether a member may remove another one: only members of a lower rank. */
export function canRemoveMember({ role, targetRole }: { role: Role; targetRole: Role }): boolean {
  return hasPermission(role, 'remove_members') && rankOf(role) < rankOf(targetRole);
}

interface RoleRequest {
  role: Role;
  /** The role that the target has. */
  targetRole: Role;
  /** The role that the target would get. */
  newRole: Role;
  isSelf: boolean;
}

/** Whether a member may give a role: lower ranks only, to lower ranks only. All may step down but the creator, who transfers the group. */
export function canSetRole({ role, targetRole, newRole, isSelf }: RoleRequest): boolean {
  if (isSelf) return role !== 'creator' && rankOf(newRole) >= rankOf(role);
  return hasPermission(role, 'set_roles') && rankOf(role) < rankOf(targetRole) && rankOf(role) < rankOf(newRole);
}

/** A user whom a member wants to add to a group. */
export interface GroupCandidate {
  userId: string;
  /** How the member meets them; null if there is no such user. */
  person: { profile: Profile; relationship: Relationship } | null;
  /** They are in as many conversations as a user can be in. */
  isCrowded: boolean;
}

function refusalOfCandidate({ person, isCrowded }: GroupCandidate, room: number): Refused['code'] | null {
  if (!person) return 'not_found';
  if (!canAddToGroup(person)) return 'not_contactable';
  return isCrowded || room <= 0 ? 'conflict' : null;
}

/** Decides which candidates are added to a group that has room for some more; the first ones come first. */
export function admit(candidates: readonly GroupCandidate[], room: number): { admitted: string[]; refused: Refused[] } {
  const admitted: string[] = [];
  const refused: Refused[] = [];
  for (const candidate of candidates) {
    const code = refusalOfCandidate(candidate, room - admitted.length);
    if (code) refused.push({ userId: candidate.userId, code });
    else admitted.push(candidate.userId);
  }
  return { admitted, refused };
}

/** Whether an account may still be in groups; null for an account that does not exist. */
export function canBeMember(state: 'active' | 'disabled' | 'leaving' | 'erasing' | 'erased' | null): boolean {
  return state !== null && state !== 'erasing' && state !== 'erased';
}

/** Changes the role of one member. */
export function withRole({ elevated }: Pick<GroupRoles, 'elevated'>, userId: string, role: Role): RoleChange {
  const others = elevated.filter((one) => one.userId !== userId);
  const isElevated = role === 'admin' || role === 'moderator';
  return { roles: [{ userId, role }], set: { elevated: isElevated ? [...others, { userId, role }] : others } };
}

/** Makes another member the creator; the former creator becomes an admin. */
export function rolesAfterTransfer(group: GroupRoles, { from, to }: { from: string; to: string }): RoleChange {
  const { elevated } = withRole(withRole(group, to, 'creator').set, from, 'admin').set;
  return {
    roles: [
      { userId: to, role: 'creator' },
      { userId: from, role: 'admin' },
    ],
    set: { creatorId: to, elevated },
  };
}

/** Ends the role of a member who leaves or is removed; when the creator goes, the successor becomes the creator. */
export function rolesWithout(group: GroupRoles, userId: string, successorId: string | null): RoleChange {
  const { elevated } = withRole(group, userId, 'member').set;
  if (group.creatorId !== userId) return { roles: [], set: { elevated } };
  if (successorId === null) return { roles: [], set: { creatorId: null, elevated } };
  const { roles, set } = withRole({ elevated }, successorId, 'creator');
  return { roles, set: { creatorId: successorId, ...set } };
}

/** A member as the order of succession sees them. */
export interface Successor {
  _id: string;
  userId: string;
  rank: number;
  joinedAt: Date;
}

function bySuccession(a: Successor, b: Successor): number {
  return a.rank - b.rank || a.joinedAt.getTime() - b.joinedAt.getTime() || (a._id < b._id ? -1 : 1);
}

/** The member who takes over a group from its creator: of the highest rank, the one who joined first; null if there is none. */
export function successorOf<Member extends Successor>(members: readonly Member[], creatorId: string): Member | null {
  return members.filter(({ userId }) => userId !== creatorId).toSorted(bySuccession)[0] ?? null;
}
