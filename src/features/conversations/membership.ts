import { notFound } from '../../kernel/problem.js';
import type { Membership } from '../../views/membership.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import type { PendingSource } from '../../log/overlay.js';
import { raised, raisedMember } from '../../log/overlay.js';

interface Deps {
  conversations: Pick<ConversationRepository, 'byId'>;
  members: Pick<MemberRepository, 'of' | 'one'>;
  /** Whether a conversation is a group; null where there is none. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  log: Pick<PendingSource, 'pending'>;
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
