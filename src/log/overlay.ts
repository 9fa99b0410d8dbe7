import type { Head, ConversationRow } from '../repositories/conversations/conversation-repository.js';
import type { MemberRow } from '../repositories/members/member-repository.js';

/** How far somebody has read by sending, and how far of it others are shown. */
export interface PendingReceipt {
  seq: number;
  shownSeq: number;
}

/** What this process knows beyond the store. */
export interface PendingSource {
  /** Waits until all of it is written; throws `unavailable` when that failed. */
  flushed(): Promise<void>;
  /** The head and the marks of a conversation that are noted and not written. */
  pending(conversationId: string): {
    head: Head;
    receipts: ReadonlyMap<string, PendingReceipt>;
  } | null;
}

export type PendingState = NonNullable<ReturnType<PendingSource['pending']>>;

/** The larger of what is stored and what this process knows: what was acknowledged is at or below every head shown. */
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

/** The same of a member: sending has read. */
export function raisedMember(member: MemberRow, pending: PendingState | null): MemberRow {
  const sent = pending?.receipts.get(String(member.userId));
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
