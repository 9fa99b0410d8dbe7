import { notContactable } from '../../kernel/problem.js';
import type { Membership } from '../../views/membership.js';
import { mayChange, mayWrite, type Shows } from '../../rules/people.js';
import type { Person } from '../../views/people.js';
import type { Users } from '../users/users.service.js';
import type { ConversationRow } from '../../repositories/conversations/conversation-repository.js';

/** What a member may do here as far as the other one decides, and which of his marks others are shown. */
export interface MemberPermissions {
  mayWrite: boolean;
  mayChange: boolean;
  shows: Shows;
}

interface Deps {
  users: { people: Pick<Users['people'], 'contactPolicyInput'> };
  /** Whether somebody has ever written in a conversation. */
  hasWritten(conversationId: ConversationRow['_id'], userId: string): Promise<boolean>;
}

type HasWritten = Deps['hasWritten'];

/** What another person allows in a direct conversation; his own message there opens it, whatever his privacy says. */
export async function allowedBy(
  hasWritten: HasWritten,
  { conversation, other }: Membership,
  { profile, relationship }: Omit<Person, 'view'>,
): Promise<Omit<MemberPermissions, 'shows'>> {
  const isOpen = mayWrite(relationship, profile, false);
  const mayOpen = !isOpen && other !== null && mayWrite(relationship, profile, true);
  return {
    mayWrite: isOpen || (mayOpen && (await hasWritten(conversation._id, String(other.userId)))),
    mayChange: mayChange(relationship),
  };
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
