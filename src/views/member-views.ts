import type { Member } from '@causerie/contract/groups';
import type { MemberRow } from '../repositories/members/member-repository.js';
import { roleOfRank } from '../rules/roles.js';

/** Members as clients see them, in the order of their rows; rows without a user in `users` are left out. */
export function toMembers(rows: readonly MemberRow[], users: ReadonlyMap<string, Member['user']>): Member[] {
  return rows.flatMap(({ userId, rank, joinedAt, invitedBy }) => {
    const user = users.get(userId);
    return user ? [{ user, role: roleOfRank(rank), joinedAt: joinedAt.toISOString(), invitedBy }] : [];
  });
}
