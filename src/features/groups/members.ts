/** Finds the members of a group, and lists them page by page. */
import type { ListMembers, Member, MemberList } from '@causerie/contract/groups';
import type { Role, SystemKind } from '@causerie/contract/roles';
import type { Actor } from '../../kernel/actor.js';
import { page } from '../../kernel/page.js';
import type { Cursors } from '../../kernel/cursors.js';
import { notFound, Problem } from '../../kernel/problem.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { SystemContent } from '../../repositories/conversations/group-change.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository, MemberPlace } from '../../repositories/members/member-change-repository.js';
import type { MemberRepository, MemberRow } from '../../repositories/members/member-repository.js';
import { roleOf } from '../../rules/groups.js';
import { toMembers } from '../../views/member-views.js';
import type { Users } from '../users/users.service.js';

/** A member with their role by the row of the group, which changes before the row of the member. */
export interface GroupMember {
  member: MemberRow;
  role: Role;
}

export interface GroupMembers {
  /** Throws `not_found` if the user is not a member. */
  requireMember(group: ConversationRow, userId: string): Promise<GroupMember>;
  /** The row of a group; throws `not_found` if the user is not a member. */
  requireGroup(userId: string, id: string): Promise<ConversationRow>;
  /** Those of these users who are members, as clients see them. */
  viewsAmong(conversationId: string, userIds: readonly string[]): Promise<Member[]>;
  /** Lists the creator first, then by role, then by the time of joining. */
  list(actor: Actor, id: string, page: ListMembers): Promise<MemberList>;
}

interface Deps {
  repositories: {
    groups: Pick<GroupRepository, 'byId'>;
    members: Pick<MemberRepository, 'one' | 'among'>;
    memberChanges: Pick<MemberChangeRepository, 'byRank'>;
  };
  users: Pick<Users, 'refs'>;
  cursors: Cursors;
}

/** Creates the content of a system message; fields that are not given are empty. */
export function systemContent(kind: SystemKind, actor: MemberRow, more: Partial<SystemContent> = {}): SystemContent {
  return { kind, actorId: actor.userId, userIds: [], role: null, title: null, ...more };
}

/** Throws `forbidden` if a rule does not allow something. */
export function requireAllowed(isAllowed: boolean): void {
  if (!isAllowed) throw new Problem('forbidden');
}

type Position = [rank: number, joinedAt: number, id: string, version: number];
const positionTypes = ['number', 'number', 'string', 'number'] as const;

const placeOf = ({ rank, joinedAt, _id }: MemberRow): MemberPlace => ({ rank, joinedAt: joinedAt.getTime(), id: _id });

/** Whether an earlier page already showed a member: the role has changed since, and the old position was before this one. */
function wasShown(row: MemberRow, place: MemberPlace, version: number): boolean {
  if (row.rankVersion <= version) return false;
  const before: [number, number, string] = [row.rankBefore, row.joinedAt.getTime(), row._id];
  const at: [number, number, string] = [place.rank, place.joinedAt, place.id];
  const differs = before.findIndex((value, field) => value !== at[field]);
  return differs === -1 || (before[differs] ?? 0) < (at[differs] ?? 0);
}

export function createGroupMembers({ repositories, users, cursors }: Deps): GroupMembers {
  const { groups, members, memberChanges } = repositories;

  async function requireMember(group: ConversationRow, userId: string): Promise<GroupMember> {
    const member = await members.one(group._id, userId);
    if (!member) throw notFound();
    return { member, role: roleOf(group, userId) };
  }

  async function requireGroup(userId: string, id: string): Promise<ConversationRow> {
    const group = await groups.byId(id);
    if (!group) throw notFound();
    await requireMember(group, userId);
    return group;
  }

  async function viewsOf(rows: readonly MemberRow[]): Promise<Member[]> {
    return toMembers(rows, await users.refs(rows.map(({ userId }) => userId)));
  }

  /** The next members after a place, without those whom an earlier page showed. */
  async function nextOf(id: string, place: MemberPlace | null, version: number, limit: number): Promise<MemberRow[]> {
    const found: MemberRow[] = [];
    for (let after = place; ;) {
      const rows = await memberChanges.byRank(id, after, limit);
      found.push(...rows.filter((row) => !place || !wasShown(row, place, version)));
      const last = rows.at(-1);
      if (!last || rows.length < limit || found.length >= limit) return found.slice(0, limit);
      after = placeOf(last);
    }
  }

  return {
    requireMember,
    requireGroup,
    viewsAmong: async (conversationId, userIds) => viewsOf(await members.among(conversationId, userIds)),
    async list({ userId }, id, { limit, cursor }) {
      const group = await requireGroup(userId, id);
      const name = `members ${id}`;
      const position = cursors.place<Position>(name, userId, cursor, positionTypes);
      const place = position && { rank: position[0], joinedAt: position[1], id: position[2] };
      const version = position?.[3] ?? group.membersVersion;
      const found = await nextOf(id, place, version, limit + 1);
      const { rows, next } = page(found, limit, placeOf);
      return {
        items: await viewsOf(rows),
        nextCursor: next && cursors.encode(name, userId, [next.rank, next.joinedAt, next.id, version]),
      };
    },
  };
}
