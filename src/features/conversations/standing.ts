import { notFound } from '../../kernel/problem.js';
import type { Held } from '../../views/conversation-views.js';
import type { ConversationRow, ConversationRows } from './conversations.model.js';
import type { MemberRow, MemberRows } from './members.model.js';

/** What this process knows beyond the store. */
export interface Known {
  settle(): Promise<boolean>;
  noted(conversationId: string): {
    head: { seq: number; lastActivityAt: Date };
    marks: ReadonlyMap<string, number>;
  } | null;
}

interface Deps {
  conversations: Pick<ConversationRows, 'byId'>;
  members: Pick<MemberRows, 'of'>;
  log: Known;
}

/** The larger of what is stored and what this process knows: what was acknowledged is at or below every head shown. */
function raised(log: Known, conversation: ConversationRow): ConversationRow {
  const head = log.noted(String(conversation._id))?.head;
  if (!head || head.seq <= conversation.seq) return conversation;
  return { ...conversation, seq: head.seq, lastActivityAt: head.lastActivityAt };
}

function raisedMember(log: Known, member: MemberRow): MemberRow {
  const sent = log.noted(String(member.conversationId))?.marks.get(String(member.userId)) ?? 0;
  if (sent <= member.readSeq) return member;
  const mark = Math.max(sent, member.deliveredSeq);
  return {
    ...member,
    readSeq: sent,
    deliveredSeq: mark,
    shownReadSeq: sent,
    shownDeliveredSeq: mark,
    markedUnread: false,
  };
}

/** Builds the one question that every rule of a conversation begins with; throws `not_found` for who is no member. */
export function createStanding({ conversations, members, log }: Deps) {
  return async function standingOf(userId: string, conversationId: string): Promise<Held> {
    await log.settle();
    // The member rows first, then the head: a mark is never above the head that is shown with it.
    const present = (await members.of(conversationId)).map((member) => raisedMember(log, member));
    const member = present.find((row) => String(row.userId) === userId);
    if (!member) throw notFound();
    const conversation = await conversations.byId(conversationId);
    if (!conversation) throw notFound();
    const other = present.find((row) => row !== member) ?? null;
    return { conversation: raised(log, conversation), member, other };
  };
}
