import type { Actor } from '../../kernel/actor.js';
import { notFound } from '../../kernel/problem.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { Role } from '@causerie/contract/roles';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { Admission } from './admission.js';
import { type GroupAccess, requireMay, systemContent } from './group-access.js';
import type { GroupChanging } from './group-changing.js';
import type { GroupPublisher } from './group-publisher.js';
import type { GroupRepository, Proposal } from '../../repositories/conversations/group-repository.js';
import type { AddedMembers, Member } from '@causerie/contract/groups';
import { elevatedWith } from './succession.js';

interface Deps {
  repository: Pick<GroupRepository, 'byId'>;
  members: Pick<MemberRepository, 'among'>;
  asking: GroupAccess;
  admission: Admission;
  changing: Pick<GroupChanging, 'change'>;
  publisher: Pick<GroupPublisher, 'viewsOf'>;
  /** Has those leave again whose accounts have gone meanwhile. */
  takeBack(id: string, userIds: readonly string[]): Promise<void>;
  maxMembers: number;
}

/** Who is in a group, and with which role. */
export interface Membership {
  add(actor: Actor, id: string, userIds: readonly string[]): Promise<AddedMembers>;
  remove(actor: Actor, id: string, userId: string): Promise<void>;
  setRole(actor: Actor, id: string, change: { userId: string; role: Role }): Promise<Member>;
}

/** Builds the adding and removing of members, and their roles. */
export function createMembership(deps: Deps): Membership {
  const { repository, members, asking, admission, changing, publisher, takeBack, maxMembers } = deps;

  /** What adding people comes to: who can be added, and who is refused. */
  async function adding(actor: Actor, row: ConversationRow, asked: readonly string[]) {
    const { member, role } = await asking.presentIn(row, actor.userId);
    requireMay(role, { action: 'add_members' });
    const there = new Set((await members.among(row._id, asked)).map(({ userId }) => userId));
    const strangers = asked.filter((one) => !there.has(one));
    const { admitted, refused } = await admission.admit(actor.userId, strangers, maxMembers - row.memberCount);
    const joining = admitted;
    const proposal: Proposal = { system: systemContent('member_added', member, { userIds: joining }), joining };
    return { proposal: joining.length === 0 ? null : proposal, refused };
  }

  return {
    async add(actor, id, userIds) {
      const asked = [...new Set(userIds)];
      let refused: AddedMembers['refused'] = [];
      await changing.change(id, async (row) => {
        const judged = await adding(actor, row, asked);
        refused = judged.refused;
        return judged.proposal;
      });
      await takeBack(id, asked);
      const row = await repository.byId(id);
      const views = row ? await publisher.viewsOf(await members.among(row._id, asked)) : [];
      const byId = new Map(views.map((view) => [view.user.id, view]));
      return { added: asked.flatMap((one) => byId.get(one) ?? []), refused };
    },
    async remove(actor, id, userId) {
      await changing.change(id, async (row) => {
        const { member, role } = await asking.presentIn(row, actor.userId);
        const other = await asking.presentIn(row, userId);
        requireMay(role, { action: 'remove_members', target: other.role });
        return {
          system: systemContent('member_removed', member, { userIds: [other.member.userId] }),
          ending: [{ memberId: other.member._id, userId: other.member.userId }],
          set: { elevated: elevatedWith(row, other.member.userId, 'member') },
        };
      });
    },
    async setRole(actor, id, { userId, role: wanted }) {
      await changing.change(id, async (row) => {
        const { member, role } = await asking.presentIn(row, actor.userId);
        const other = await asking.presentIn(row, userId);
        requireMay(role, { action: 'set_role', target: other.role, role: wanted, isSelf: userId === actor.userId });
        if (other.role === wanted) return null;
        return {
          system: systemContent('role_changed', member, { userIds: [other.member.userId], role: wanted }),
          roles: [{ userId: other.member.userId, role: wanted }],
          set: { elevated: elevatedWith(row, other.member.userId, wanted) },
        };
      });
      const row = await asking.rowFor(actor.userId, id);
      const [view] = await publisher.viewsOf(await members.among(row._id, [userId]));
      if (!view) throw notFound();
      return view;
    },
  };
}
