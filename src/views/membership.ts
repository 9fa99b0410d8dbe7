import type { ConversationRow } from '../repositories/conversations/conversation-repository.js';
import type { MemberRow } from '../repositories/members/member-repository.js';

/** A conversation with the viewer's own row and, in a direct one with somebody else, the other's. */
export interface Membership {
  conversation: ConversationRow;
  member: MemberRow;
  other: MemberRow | null;
}

/** The marks that the other one shows, in a group the lowest of all; where there is nobody, everything is read. */
export function minReceiptsOf({ conversation, member, other }: Membership): { deliveredSeq: number; readSeq: number } {
  if (conversation.type === 'group') {
    const { reachedDeliveredSeq: deliveredSeq, reachedReadSeq } = conversation;
    // Who hides what he reads is shown the reading of others as it stood.
    return { deliveredSeq, readSeq: Math.min(reachedReadSeq, member.stood?.readSeq ?? Infinity) };
  }
  if (!other) return { deliveredSeq: conversation.seq, readSeq: conversation.seq };
  return { deliveredSeq: other.shownDeliveredSeq, readSeq: other.shownReadSeq };
}
