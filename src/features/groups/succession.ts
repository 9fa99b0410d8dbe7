import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { Elevated } from '../../repositories/conversations/group-change.js';
import type { Role } from '@causerie/contract/roles';
import type { MemberRow } from '../../repositories/members/member-repository.js';
import type { Proposal } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';

/** Who has a role between creator and member, when somebody gets another one. */
export function elevatedWith(
  { elevated }: Pick<ConversationRow, 'elevated'>,
  userId: Elevated['userId'],
  role: Role,
): Elevated[] {
  const others = elevated.filter((one) => one.userId !== userId);
  return role === 'admin' || role === 'moderator' ? [...others, { userId, role }] : others;
}

/** The longest-serving admin, else moderator, else member, by joining and then by id. */
export async function heirOf(
  row: ConversationRow,
  leaving: Elevated['userId'],
  changes: MemberChangeRepository,
): Promise<MemberRow | null> {
  for (const role of ['admin', 'moderator'] as const) {
    const those = row.elevated.filter((one) => one.role === role).map(({ userId }) => userId);
    const heir = those.length > 0 ? await changes.longestServing(row._id, leaving, those) : null;
    if (heir) return heir;
  }
  return changes.longestServing(row._id, leaving, null);
}

/** What becomes of the roles of a group when somebody goes: the creator's passes on. */
export async function successionOf(
  row: ConversationRow,
  leaving: Elevated['userId'],
  changes: MemberChangeRepository,
): Promise<Pick<Proposal, 'roles' | 'set'>> {
  const elevated = elevatedWith(row, leaving, 'member');
  if (row.creatorId !== leaving) return { set: { elevated } };
  const heir = await heirOf(row, leaving, changes);
  if (!heir) return { set: { elevated, creatorId: null } };
  return {
    roles: [{ userId: heir.userId, role: 'creator' }],
    set: { creatorId: heir.userId, elevated: elevatedWith({ elevated }, heir.userId, 'creator') },
  };
}
