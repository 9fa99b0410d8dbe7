import type { AddedMembers, Refused } from '@causerie/contract/groups';
import type { Actor } from '../../kernel/actor.js';
import { Problem } from '../../kernel/problem.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { admit, canBeMember } from '../../rules/groups.js';
import { hasPermission } from '../../rules/roles.js';
import type { Users } from '../users/users.service.js';
import type { ChangeGroup } from './change-group.js';
import { type GroupMembers, requireAllowed, systemContent } from './members.js';
import type { Ownership } from './ownership.js';

interface Deps {
  repositories: {
    groups: Pick<GroupRepository, 'byId'>;
    members: Pick<MemberRepository, 'among' | 'crowdedAmong'>;
  };
  users: Pick<Users, 'people' | 'statesOf'>;
  members: Pick<GroupMembers, 'requireMember' | 'viewsAmong'>;
  changes: Pick<ChangeGroup, 'change'>;
  leave: Ownership['leave'];
  /** GROUP_MAX_MEMBERS. */
  maxMembers: number;
}

export interface AdmitMembers {
  /** Decides which of these users a member may add to a group with room for some more; the first ones come first. */
  admissionOf(
    actorId: string,
    userIds: readonly string[],
    room: number,
  ): Promise<{ admitted: string[]; refused: Refused[] }>;
  /** Removes added users whose accounts are being erased. Called after they are members, so that none is missed. */
  removeErased(id: string, userIds: readonly string[]): Promise<void>;
  add(actor: Actor, id: string, userIds: readonly string[]): Promise<AddedMembers>;
}

function createAdmission({ repositories, users }: Deps): AdmitMembers['admissionOf'] {
  return async function admissionOf(actorId, userIds, room) {
    const asked = [...new Set(userIds)];
    const [people, crowded] = await Promise.all([
      users.people.of(actorId, asked),
      repositories.members.crowdedAmong(asked),
    ]);
    const candidates = asked.map((userId) => ({
      userId,
      person: people.get(userId) ?? null,
      isCrowded: crowded.has(userId),
    }));
    return admit(candidates, room);
  };
}

export function createAdmitMembers(deps: Deps): AdmitMembers {
  const { repositories, users, members, changes, leave, maxMembers } = deps;
  const admissionOf = createAdmission(deps);

  async function removeErased(id: string, userIds: readonly string[]): Promise<void> {
    const states = await users.statesOf(userIds);
    for (const userId of userIds.filter((one) => !canBeMember(states.get(one) ?? null))) {
      try {
        await leave(userId, id);
      } catch (error) {
        // They have left meanwhile, by the erasure of their account or by another request.
        if (!(error instanceof Problem) || error.code !== 'not_found') throw error;
      }
    }
  }

  return {
    admissionOf,
    removeErased,
    async add(actor, id, userIds) {
      const asked = [...new Set(userIds)];
      let refused: Refused[] = [];
      await changes.change(id, async (group) => {
        const { member, role } = await members.requireMember(group, actor.userId);
        requireAllowed(hasPermission(role, 'add_members'));
        const present = new Set((await repositories.members.among(id, asked)).map(({ userId }) => userId));
        const strangers = asked.filter((one) => !present.has(one));
        const admission = await admissionOf(actor.userId, strangers, maxMembers - group.memberCount);
        const { admitted: joining } = admission;
        refused = admission.refused;
        if (joining.length === 0) return null;
        return { system: systemContent('member_added', member, { userIds: joining }), joining };
      });
      await removeErased(id, asked);
      const group = await repositories.groups.byId(id);
      const views = group ? await members.viewsAmong(id, asked) : [];
      const byId = new Map(views.map((view) => [view.user.id, view]));
      return { added: asked.flatMap((one) => byId.get(one) ?? []), refused };
    },
  };
}
