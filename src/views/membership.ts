import type { ConversationRow } from '../repositories/conversations/conversation-repository.js';
import type { MemberRow } from '../repositories/members/member-repository.js';
import { groupReceiptsFor } from '../rules/receipts.js';

/** A conversation with the viewer's member row and, in a direct conversation with someone else, the other row. */
export interface Membership {
  conversation: ConversationRow;
  member: MemberRow;
  other: MemberRow | null;
}

/**
 * The receipts that the other member shows; in a group, the lowest of all members. Where there is no other member,
 * everything is read.
 */
export function minReceiptsOf({ conversation, member, other }: Membership): { deliveredSeq: number; readSeq: number } {
  if (conversation.type === 'group') {
    const { reachedDeliveredSeq: deliveredSeq, reachedReadSeq: readSeq } = conversation;
    return groupReceiptsFor({ deliveredSeq, readSeq }, member.stood);
  }
  if (!other) return { deliveredSeq: conversation.seq, readSeq: conversation.seq };
  return { deliveredSeq: other.shownDeliveredSeq, readSeq: other.shownReadSeq };
}
