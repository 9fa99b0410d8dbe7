import type { Shows } from '../rules/people.js';
import type { Membership } from './membership.js';
import type { Person } from './people.js';
import { mayWrite, mayChange } from '../rules/people.js';
import type { ConversationRow } from '../repositories/conversations/conversation-repository.js';

/** What a member may do here as far as the other one decides, and which of his marks others are shown. */
export interface MemberPermissions {
  mayWrite: boolean;
  mayChange: boolean;
  shows: Shows;
}

/** Whether a user has ever written in a conversation. */
export type HasWritten = (conversationId: ConversationRow['_id'], userId: string) => Promise<boolean>;

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
