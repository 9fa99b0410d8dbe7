import type { Actor } from '../../kernel/actor.js';
import { Problem } from '../../kernel/problem.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRow } from '../../repositories/members/member-repository.js';
import { type GroupAccess, requireMay, systemContent } from './group-access.js';
import type { GroupChanging } from './group-changing.js';
import type { Proposal } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';
import { elevatedWith, successionOf } from './succession.js';

interface Deps {
  asking: GroupAccess;
  changing: Pick<GroupChanging, 'change' | 'remove'>;
  memberChanges: MemberChangeRepository;
}

/** To whom a group belongs, and how it ends. */
export interface Ownership {
  leave(userId: string, id: string): Promise<void>;
  transfer(actor: Actor, id: string, userId: string): Promise<void>;
  delete(actor: Actor, id: string): Promise<void>;
}

/** What passing a group on comes to: the former creator is an admin. */
function transferral(row: ConversationRow, from: MemberRow, to: MemberRow): Proposal {
  const elevated = elevatedWith({ elevated: elevatedWith(row, to.userId, 'creator') }, from.userId, 'admin');
  return {
    system: systemContent('ownership_transferred', from, { userIds: [to.userId] }),
    roles: [
      { userId: to.userId, role: 'creator' },
      { userId: from.userId, role: 'admin' },
    ],
    set: { creatorId: to.userId, elevated },
  };
}

/** Builds leaving, passing on and deleting. */
export function createOwnership({ asking, changing, memberChanges }: Deps): Ownership {
  /** Leaves a group in which others stay; false where nobody would. */
  async function leaveOthers(userId: string, id: string): Promise<boolean> {
    const change = await changing.change(id, async (row) => {
      const { member } = await asking.presentIn(row, userId);
      if (row.memberCount === 1) return null;
      return {
        system: systemContent('member_left', member, { userIds: [member.userId] }),
        ending: [{ memberId: member._id, userId: member.userId }],
        ...(await successionOf(row, member.userId, memberChanges)),
      };
    });
    return change !== null;
  }

  /** A group without members is erased; false where somebody has come in meanwhile. */
  async function leaveLast(userId: string, id: string): Promise<boolean> {
    const stay = new Problem('conflict');
    try {
      await changing.remove(
        id,
        async (row) => {
          await asking.presentIn(row, userId);
          if (row.memberCount > 1) throw stay;
        },
        'left',
      );
      return true;
    } catch (error) {
      if (error === stay) return false;
      throw error;
    }
  }

  return {
    async leave(userId, id) {
      while (!(await leaveOthers(userId, id)) && !(await leaveLast(userId, id)));
    },
    async transfer(actor, id, userId) {
      await changing.change(id, async (row) => {
        const { member, role } = await asking.presentIn(row, actor.userId);
        requireMay(role, { action: 'transfer' });
        const other = await asking.presentIn(row, userId);
        if (userId === actor.userId) return null;
        return transferral(row, member, other.member);
      });
    },
    async delete(actor, id) {
      const decide = async (row: ConversationRow): Promise<void> =>
        requireMay((await asking.presentIn(row, actor.userId)).role, { action: 'delete_group' });
      await changing.remove(id, decide, 'deleted');
    },
  };
}
