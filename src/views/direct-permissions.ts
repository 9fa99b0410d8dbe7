import type { Shows } from '../rules/people.js';
import type { Membership } from './membership.js';
import type { Person } from './people.js';
import { canChange, canWrite } from '../rules/people.js';
import type { ConversationRow } from '../repositories/conversations/conversation-repository.js';

/** What a member may do in a conversation as far as the other member decides, and which receipts others are shown. */
export interface MemberPermissions {
  canWrite: boolean;
  canChange: boolean;
  shows: Shows;
}

/** Whether a user has ever written in a conversation. */
export type HasWritten = (conversationId: ConversationRow['_id'], userId: string) => Promise<boolean>;

/** What the other member of a direct conversation allows. Their own message there opens it, whatever their privacy. */
export async function allowedBy(
  hasWritten: HasWritten,
  { conversation, other }: Membership,
  { profile, relationship }: Omit<Person, 'view'>,
): Promise<Omit<MemberPermissions, 'shows'>> {
  const isOpen = canWrite({ relationship, profile, hasWritten: false });
  const canAnswer = !isOpen && other !== null && canWrite({ relationship, profile, hasWritten: true });
  return {
    canWrite: isOpen || (canAnswer && (await hasWritten(conversation._id, other.userId))),
    canChange: canChange(relationship),
  };
}
