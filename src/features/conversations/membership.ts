import { notFound } from '../../kernel/problem.js';
import type { Membership } from '../../views/membership.js';
import type { ConversationRow, ConversationRepository, Head } from './conversations.model.js';
import type { MemberRow, MemberRepository } from './members.model.js';

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

interface Deps {
  conversations: Pick<ConversationRepository, 'byId'>;
  members: Pick<MemberRepository, 'of' | 'one'>;
  /** Whether a conversation is a group; null where there is none. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  log: Pick<PendingSource, 'pending'>;
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

/** Builds the one question that every rule of a conversation begins with; throws `not_found` for who is no member. */
export function createRequireMembership({ conversations, members, typeOf, log }: Deps) {
  /** The rows that a standing is made of: of a direct conversation both, of a group the own one. */
  async function membersFor(userId: string, conversationId: string): Promise<MemberRow[]> {
    const type = await typeOf(conversationId);
    if (type === 'direct') return members.of(conversationId);
    const row = type === 'group' ? await members.one(conversationId, userId) : null;
    return row ? [row] : [];
  }

  return async function requireMembership(userId: string, conversationId: string): Promise<Membership> {
    // Taken before the rows are read: what was noted till then is in it, or written and so in the rows.
    const pending = log.pending(conversationId);
    // The member rows first, then the head: a mark is never above the head that is shown with it.
    const present = (await membersFor(userId, conversationId)).map((member) => raisedMember(member, pending));
    const member = present.find((row) => String(row.userId) === userId);
    if (!member) throw notFound();
    const conversation = await conversations.byId(conversationId);
    if (!conversation) throw notFound();
    const other = present.find((row) => row !== member) ?? null;
    return { conversation: raised(conversation, pending), member, other };
  };
}
