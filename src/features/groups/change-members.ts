import type { Member } from '@causerie/contract/groups';
import type { Role } from '@causerie/contract/roles';
import type { Actor } from '../../kernel/actor.js';
import { notFound } from '../../kernel/problem.js';
import { canRemoveMember, canSetRole, rolesWithout, withRole } from '../../rules/groups.js';
import type { ChangeGroup } from './change-group.js';
import { type GroupMembers, requireAllowed, systemContent } from './members.js';

interface Deps {
  members: Pick<GroupMembers, 'requireMember' | 'requireGroup' | 'viewsAmong'>;
  changes: Pick<ChangeGroup, 'change'>;
}

export interface ChangeMembers {
  remove(actor: Actor, id: string, userId: string): Promise<void>;
  setRole(actor: Actor, id: string, change: { userId: string; role: Role }): Promise<Member>;
}

export function createChangeMembers({ members, changes }: Deps): ChangeMembers {
  const { requireMember, requireGroup, viewsAmong } = members;

  return {
    async remove(actor, id, userId) {
      await changes.change(id, async (group) => {
        const { member, role } = await requireMember(group, actor.userId);
        const target = await requireMember(group, userId);
        requireAllowed(canRemoveMember({ role, targetRole: target.role }));
        return {
          system: systemContent('member_removed', member, { userIds: [userId] }),
          ending: [{ memberId: target.member._id, userId }],
          ...rolesWithout(group, userId, null),
        };
      });
    },
    async setRole(actor, id, { userId, role: newRole }) {
      await changes.change(id, async (group) => {
        const { member, role } = await requireMember(group, actor.userId);
        const { role: targetRole } = await requireMember(group, userId);
        requireAllowed(canSetRole({ role, targetRole, newRole, isSelf: userId === actor.userId }));
        if (targetRole === newRole) return null;
        return {
          system: systemContent('role_changed', member, { userIds: [userId], role: newRole }),
          ...withRole(group, userId, newRole),
        };
      });
      await requireGroup(actor.userId, id);
      const [view] = await viewsAmong(id, [userId]);
      if (!view) throw notFound();
      return view;
    },
  };
}
