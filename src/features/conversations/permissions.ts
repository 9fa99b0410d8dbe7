import { notContactable } from '../../kernel/problem.js';
import { roleOf } from '../../repositories/conversations/group-change.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { canModerate } from '../../rules/roles.js';
import { allowedBy, type HasWritten, type MemberPermissions } from '../../views/direct-permissions.js';
import type { Membership } from '../../views/membership.js';
import type { Users } from '../users/users.service.js';

export interface Permissions {
  /** The permissions that depend on the other user of a direct conversation; in a group, nobody decides for others. */
  permissionsOf(membership: Membership): Promise<MemberPermissions>;
  /** Throws `not_contactable` where a block forbids the two to change messages, react and type. */
  requireNotBlocked(membership: Membership): Promise<void>;
  /** Whether a member of a group may delete messages of an author. By rank; an author who has left ranks as a member. */
  canModerate(membership: Membership, authorId: string | null): Promise<boolean>;
}

interface Deps {
  repositories: { members: Pick<MemberRepository, 'among'> };
  users: { people: Pick<Users['people'], 'contactPolicyInput'> };
  hasWritten: HasWritten;
}

export function createPermissions({ repositories: { members }, users, hasWritten }: Deps): Permissions {
  async function permissionsOf(membership: Membership): Promise<MemberPermissions> {
    const otherId = membership.other ? membership.other.userId : null;
    const { other, shows } = await users.people.contactPolicyInput(membership.member.userId, otherId);
    const allowed = other ? await allowedBy(hasWritten, membership, other) : { canWrite: true, canChange: true };
    return { ...allowed, shows };
  }

  return {
    permissionsOf,
    async requireNotBlocked(membership) {
      if (membership.other && !(await permissionsOf(membership)).canChange) throw notContactable();
    },
    async canModerate({ conversation, member }, authorId) {
      if (conversation.type !== 'group' || authorId === null) return false;
      const role = roleOf(conversation, member.userId);
      // The lowest role first: only users with the permission need another query.
      if (!canModerate({ role, authorRole: 'member' })) return false;
      const isMember = (await members.among(conversation._id, [authorId])).length > 0;
      return canModerate({ role, authorRole: isMember ? roleOf(conversation, authorId) : 'member' });
    },
  };
}
