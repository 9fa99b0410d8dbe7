import { notFound } from '../../kernel/problem.js';
import type { Held } from '../../views/held.js';
import type { ConversationRow, ConversationRows, Head } from './conversations.model.js';
import type { MemberRow, MemberRows } from './members.model.js';

/** How far somebody has read by sending, and how far of it others are shown. */
export interface NotedMark {
  seq: number;
  shownSeq: number;
}

/** What this process knows beyond the store. */
export interface Known {
  /** Waits until all of it is written; throws `unavailable` when that failed. */
  flushed(): Promise<void>;
  /** The head and the marks of a conversation that are noted and not written. */
  noted(conversationId: string): {
    head: Head;
    marks: ReadonlyMap<string, NotedMark>;
  } | null;
}

interface Deps {
  conversations: Pick<ConversationRows, 'byId'>;
  members: Pick<MemberRows, 'of' | 'one'>;
  /** Whether a conversation is a group; null where there is none. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  log: Pick<Known, 'noted'>;
}

export type Noted = NonNullable<ReturnType<Known['noted']>>;

/** The larger of what is stored and what this process knows: what was acknowledged is at or below every head shown. */
export function raised(conversation: ConversationRow, noted: Noted | null): ConversationRow {
  if (!noted) return conversation;
  const { head } = noted;
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
export function raisedMember(member: MemberRow, noted: Noted | null): MemberRow {
  const sent = noted?.marks.get(String(member.userId));
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
export function createStanding({ conversations, members, typeOf, log }: Deps) {
  /** The rows that a standing is made of: of a direct conversation both, of a group the own one. */
  async function rowsFor(userId: string, conversationId: string): Promise<MemberRow[]> {
    const type = await typeOf(conversationId);
    if (type === 'direct') return members.of(conversationId);
    const own = type === 'group' ? await members.one(conversationId, userId) : null;
    return own ? [own] : [];
  }

  return async function standingOf(userId: string, conversationId: string): Promise<Held> {
    // Taken before the rows are read: what was noted till then is in it, or written and so in the rows.
    const noted = log.noted(conversationId);
    // The member rows first, then the head: a mark is never above the head that is shown with it.
    const present = (await rowsFor(userId, conversationId)).map((member) => raisedMember(member, noted));
    const member = present.find((row) => String(row.userId) === userId);
    if (!member) throw notFound();
    const conversation = await conversations.byId(conversationId);
    if (!conversation) throw notFound();
    const other = present.find((row) => row !== member) ?? null;
    return { conversation: raised(conversation, noted), member, other };
  };
}
