/** Leaves, transfers and deletes groups: ownership goes to a successor when the creator leaves, and the last member deletes the group. */
import type { Actor } from '../../kernel/actor.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { rolesAfterTransfer, rolesWithout, successorOf } from '../../rules/groups.js';
import { hasPermission } from '../../rules/roles.js';
import type { ChangeGroup } from './change-group.js';
import type { DeleteGroup } from './delete-group.js';
import { type GroupMembers, requireAllowed, systemContent } from './members.js';

interface Deps {
  repositories: {
    groups: Pick<GroupRepository, 'byId'>;
    members: Pick<MemberRepository, 'groupsOf'>;
    memberChanges: Pick<MemberChangeRepository, 'byRank'>;
  };
  members: Pick<GroupMembers, 'requireMember'>;
  changes: Pick<ChangeGroup, 'change'>;
  deletion: Pick<DeleteGroup, 'delete'>;
}

export interface Ownership {
  leave(userId: string, id: string): Promise<void>;
  transfer(actor: Actor, id: string, userId: string): Promise<void>;
  delete(actor: Actor, id: string): Promise<void>;
  /** The next creator of each group that a user owns, if they left it; null if there is no other member. */
  successorsOf(userId: string): Promise<{ conversationId: string; successorId: string | null }[]>;
}

export function createOwnership({ repositories, members, changes, deletion }: Deps): Ownership {
  const { groups, members: memberRepository, memberChanges } = repositories;
  const { requireMember } = members;

  /** The next creator if a member leaves; null if that member is not the creator, or the last member. */
  async function findSuccessor({ _id, creatorId }: ConversationRow, leavingId: string): Promise<string | null> {
    if (creatorId !== leavingId) return null;
    // The first two by rank are enough: the creator and the successor.
    const first = await memberChanges.byRank(_id, null, 2);
    return successorOf(first, leavingId)?.userId ?? null;
  }

  return {
    async leave(userId, id) {
      for (;;) {
        const change = await changes.change(id, async (group) => {
          const { member } = await requireMember(group, userId);
          if (group.memberCount === 1) return null;
          return {
            system: systemContent('member_left', member, { userIds: [userId] }),
            ending: [{ memberId: member._id, userId }],
            ...rolesWithout(group, userId, await findSuccessor(group, userId)),
          };
        });
        const isLast = async (group: ConversationRow): Promise<boolean> => {
          await requireMember(group, userId);
          return group.memberCount === 1;
        };
        // Tries again if another user has joined meanwhile.
        if (change !== null || (await deletion.delete(id, isLast, 'left'))) return;
      }
    },
    async transfer({ userId: from }, id, to) {
      await changes.change(id, async (group) => {
        const { member, role } = await requireMember(group, from);
        requireAllowed(hasPermission(role, 'transfer'));
        await requireMember(group, to);
        if (from === to) return null;
        return {
          system: systemContent('ownership_transferred', member, { userIds: [to] }),
          ...rolesAfterTransfer(group, { from, to }),
        };
      });
    },
    async delete({ userId }, id) {
      const decide = async (group: ConversationRow): Promise<boolean> => {
        const { role } = await requireMember(group, userId);
        requireAllowed(hasPermission(role, 'delete_group'));
        return true;
      };
      await deletion.delete(id, decide, 'deleted');
    },
    async successorsOf(userId) {
      const found = (await memberRepository.groupsOf([userId])).map(async ({ conversationId }) => {
        const group = await groups.byId(conversationId);
        if (group?.creatorId !== userId) return [];
        return [{ conversationId, successorId: await findSuccessor(group, userId) }];
      });
      return (await Promise.all(found)).flat();
    },
  };
}
