import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRow } from '../../repositories/members/member-repository.js';
import type { GroupPublisher } from './group-publisher.js';
import type { ListMembers, MemberList } from '@causerie/contract/groups';
import type { MemberChangeRepository, MemberPlace } from '../../repositories/members/member-change-repository.js';

interface Deps {
  memberChanges: Pick<MemberChangeRepository, 'byRank'>;
  publisher: Pick<GroupPublisher, 'viewsOf'>;
  cursors: Cursors;
}

type Position = [rank: number, joinedAt: number, id: string, version: number];

const placeOf = (row: MemberRow): MemberPlace => ({
  rank: row.rank,
  joinedAt: row.joinedAt.getTime(),
  id: row._id,
});

/** Whether a member whose role has changed since the list was begun stood before a place then, and so was shown. */
function wasShown(row: MemberRow, place: MemberPlace, version: number): boolean {
  if (row.rankVersion <= version) return false;
  const before: [number, number, string] = [row.rankBefore, row.joinedAt.getTime(), row._id];
  const at: [number, number, string] = [place.rank, place.joinedAt, place.id];
  const differs = before.findIndex((value, field) => value !== at[field]);
  return differs === -1 || (before[differs] ?? 0) < (at[differs] ?? 0);
}

/** Builds the list of the members of a group: creator first, then by role, then by joining. */
export function createMemberList({ memberChanges, publisher, cursors }: Deps) {
  /** The next rows behind a place, without those that were shown where they stood before. */
  async function read(
    row: ConversationRow,
    place: MemberPlace | null,
    version: number,
    limit: number,
  ): Promise<MemberRow[]> {
    const found: MemberRow[] = [];
    for (let after = place; ;) {
      const rows = await memberChanges.byRank(row._id, after, limit);
      found.push(...rows.filter((one) => !place || !wasShown(one, place, version)));
      const last = rows.at(-1);
      if (!last || rows.length < limit || found.length >= limit) return found.slice(0, limit);
      after = placeOf(last);
    }
  }

  return async (actor: Actor, row: ConversationRow, { limit, cursor }: ListMembers): Promise<MemberList> => {
    const name = `members ${row._id}`;
    const form = ['number', 'number', 'string', 'number'] as const;
    const position = cursors.place<Position>(name, actor.userId, cursor, form);
    const version = position?.[3] ?? row.membersVersion;
    const place = position && { rank: position[0], joinedAt: position[1], id: position[2] };
    const found = await read(row, place, version, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = last && found.length > limit ? placeOf(last) : null;
    return {
      items: await publisher.viewsOf(page),
      nextCursor: next && cursors.encode(name, actor.userId, [next.rank, next.joinedAt, next.id, version]),
    };
  };
}
