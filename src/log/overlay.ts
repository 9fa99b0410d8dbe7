import type { Head, ConversationRow } from '../repositories/conversations/conversation-repository.js';
import type { MemberRow } from '../repositories/members/member-repository.js';

/** How far a sender has read by sending, and how much of it others are shown. */
export interface PendingReceipt {
  seq: number;
  shownSeq: number;
}

/** What this process knows and the store does not yet. */
export interface PendingSource {
  /** Waits until all of it is written; throws `unavailable` if that fails. */
  flushed(): Promise<void>;
  /** The head and the receipts of a conversation that are recorded and not written. */
  pending(conversationId: string): {
    head: Head;
    receipts: ReadonlyMap<string, PendingReceipt>;
  } | null;
}

export type PendingState = NonNullable<ReturnType<PendingSource['pending']>>;

/** The larger of the stored head and the pending one: whatever was acknowledged is at or below every head that a client is shown. */
export function raised(conversation: ConversationRow, pending: PendingState | null): ConversationRow {
  if (!pending) return conversation;
  const { head } = pending;
  return {
    ...conversation,
    seq: Math.max(head.seq, conversation.seq),
    rev: Math.max(head.rev, conversation.rev),
    lastUncountedSeq: Math.max(head.lastUncountedSeq, conversation.lastUncountedSeq),
    lastActivityAt:
      head.lastActivityAt > conversation.lastActivityAt ? head.lastActivityAt : conversation.lastActivityAt,
  };
}

/** The same for a member: sending is reading. */
export function raisedMember(member: MemberRow, pending: PendingState | null): MemberRow {
  const sent = pending?.receipts.get(member.userId);
  if (!sent || sent.seq <= member.readSeq) return member;
  return {
    ...member,
    readSeq: sent.seq,
    deliveredSeq: Math.max(sent.seq, member.deliveredSeq),
    shownReadSeq: Math.max(sent.shownSeq, member.shownReadSeq),
    shownDeliveredSeq: Math.max(sent.seq, member.shownDeliveredSeq),
    markedUnread: false,
  };
}
