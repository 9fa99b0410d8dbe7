import { notFound } from '../../kernel/problem.js';
import type { PendingSource } from '../../log/overlay.js';
import { raised, raisedMember } from '../../log/overlay.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import type { Membership } from '../../views/membership.js';

/** The users who receive the messages of a conversation. */
export interface Audience {
  type: ConversationRow['type'];
  /** The members of a direct conversation; empty for a group, which has a room. */
  userIds: string[];
  /** The members who cannot see the message with this `seq`. */
  cannotSee(seq: number): Promise<string[]>;
}

export interface Memberships {
  /** Loads a user's membership, with which every rule of a conversation begins; null if the user is not a member. */
  findMembership(userId: string, conversationId: string): Promise<Membership | null>;
  /** Like `findMembership`, but throws `not_found` if the user is not a member. */
  requireMembership(userId: string, conversationId: string): Promise<Membership>;
  /** The members among some users; for a direct conversation, always its two members. */
  membersAmong(membership: Membership, userIds: readonly string[]): Promise<Set<string>>;
  /** Throws `not_found` if there is no such conversation. */
  audienceOf(conversationId: string): Promise<Audience>;
}

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'byId'>;
    members: Pick<MemberRepository, 'of' | 'one' | 'among' | 'cannotSee'>;
    hidden: Pick<HiddenRepository, 'cannotSee'>;
  };
  /** The type of a conversation; null if there is none. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  log: Pick<PendingSource, 'pending'>;
}

export function createMemberships({ repositories, typeOf, log }: Deps): Memberships {
  const { conversations, members, hidden } = repositories;

  /** Both rows of a direct conversation; only the user's own row of a group. */
  async function membersFor(userId: string, conversationId: string): Promise<MemberRow[]> {
    const type = await typeOf(conversationId);
    if (type === 'direct') return members.of(conversationId);
    const row = type === 'group' ? await members.one(conversationId, userId) : null;
    return row ? [row] : [];
  }

  async function findMembership(userId: string, conversationId: string): Promise<Membership | null> {
    // Taken before the rows are read: everything recorded until now is in it, or was flushed and so is in the rows.
    const pending = log.pending(conversationId);
    // The member rows first, then the head: a receipt is never above the head that is shown with it.
    const present = (await membersFor(userId, conversationId)).map((member) => raisedMember(member, pending));
    const member = present.find((row) => row.userId === userId);
    const conversation = member ? await conversations.byId(conversationId) : null;
    if (!member || !conversation) return null;
    const other = present.find((row) => row !== member) ?? null;
    return { conversation: raised(conversation, pending), member, other };
  }

  return {
    findMembership,
    async requireMembership(userId, conversationId) {
      const membership = await findMembership(userId, conversationId);
      if (!membership) throw notFound();
      return membership;
    },
    async membersAmong({ conversation }, userIds) {
      if (conversation.type === 'direct') return new Set(conversation.userIds);
      return new Set((await members.among(conversation._id, userIds)).map(({ userId }) => userId));
    },
    async audienceOf(conversationId) {
      const row = await conversations.byId(conversationId);
      if (!row) throw notFound();
      const { _id, type, userIds, lastBlindSeq } = row;
      return {
        type,
        userIds,
        async cannotSee(seq) {
          if (seq > lastBlindSeq) return [];
          const cannotSee = await Promise.all([members.cannotSee(_id, seq), hidden.cannotSee(_id, seq)]);
          return [...new Set(cannotSee.flat())];
        },
      };
    },
  };
}
