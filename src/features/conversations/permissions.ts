import { notContactable } from '../../kernel/problem.js';
import type { Membership } from '../../views/membership.js';
import type { Users } from '../users/users.service.js';
import { allowedBy, type HasWritten, type MemberPermissions } from '../../views/direct-permissions.js';

interface Deps {
  users: { people: Pick<Users['people'], 'contactPolicyInput'> };
  hasWritten: HasWritten;
}

/** The rules that another person makes in a conversation. */
export interface ConversationPermissions {
  /** In a group nobody decides for others. */
  permissionsOf(membership: Membership): Promise<MemberPermissions>;
  /** Throws `not_contactable` where the two may not change messages, react or type. */
  requireNotBlocked(membership: Membership): Promise<void>;
}

/** Builds the question what one person allows another. */
export function createConversationPermissions({ users, hasWritten }: Deps): ConversationPermissions {
  async function permissionsOf(membership: Membership): Promise<MemberPermissions> {
    const otherId = membership.other ? String(membership.other.userId) : null;
    const { other, shows } = await users.people.contactPolicyInput(String(membership.member.userId), otherId);
    const allowed = other ? await allowedBy(hasWritten, membership, other) : { mayWrite: true, mayChange: true };
    return { ...allowed, shows };
  }

  return {
    permissionsOf,
    async requireNotBlocked(membership) {
      if (membership.other && !(await permissionsOf(membership)).mayChange) throw notContactable();
    },
  };
}
