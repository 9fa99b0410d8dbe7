import { notFound, Problem } from '../../kernel/problem.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import { roleOf, type SystemContent } from '../../repositories/conversations/group-change.js';
import type { Role, SystemKind } from '@causerie/contract/roles';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import { type GroupAction, groupRefusal } from '../../rules/groups.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';

/** Who is in a group: the row, and the role by the row of the group. */
export interface Present {
  member: MemberRow;
  role: Role;
}

export interface GroupAccess {
  /** Throws `not_found` for who is no member. */
  presentIn(row: ConversationRow, userId: string): Promise<Present>;
  /** The row of a group that somebody is in; throws `not_found`. */
  rowFor(userId: string, id: string): Promise<ConversationRow>;
  /** Throws `not_found` for who is no member, and `forbidden` for who may not change what a group is called. */
  requireEditor(userId: string, id: string): Promise<void>;
}

/** What a system message says; what is not given is nothing. */
export function systemContent(kind: SystemKind, actor: MemberRow, more: Partial<SystemContent> = {}): SystemContent {
  return { kind, actorId: actor.userId, userIds: [], role: null, title: null, ...more };
}

/** Throws `forbidden` for what a role does not allow. */
export function requireMay(actor: Role, wish: GroupAction): void {
  const refusal = groupRefusal(actor, wish);
  if (refusal) throw new Problem(refusal);
}

/** Builds what every rule of a group begins with. */
export function createGroupAccess({
  repository,
  members,
}: {
  repository: Pick<GroupRepository, 'byId'>;
  members: Pick<MemberRepository, 'one'>;
}): GroupAccess {
  async function presentIn(row: ConversationRow, userId: string): Promise<Present> {
    const member = await members.one(row._id, userId);
    if (!member) throw notFound();
    return { member, role: roleOf(row, userId) };
  }

  async function rowFor(userId: string, id: string): Promise<ConversationRow> {
    const row = await repository.byId(id);
    if (!row) throw notFound();
    await presentIn(row, userId);
    return row;
  }

  return {
    presentIn,
    rowFor,
    async requireEditor(userId, id) {
      requireMay(roleOf(await rowFor(userId, id), userId), { action: 'edit_info' });
    },
  };
}
