import { notContactable, notFound } from '../../kernel/problem.js';
import type { PendingSource } from '../../log/projections.js';
import { raised, raisedMember } from '../../log/projections.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import { roleOf } from '../../rules/groups.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import { canModerate } from '../../rules/roles.js';
import type { Membership } from '../../views/membership.js';
import type { People } from '../../views/people.js';
import { createPermissionReader, type HasWritten, type RelationshipCache } from '../../views/permissions.js';

/** The users who receive the messages of a conversation. */
export interface Audience {
  type: ConversationRow['type'];
  /** The members of a direct conversation; empty for a group, which has a room. */
  userIds: string[];
  /** The members who cannot see the message with this `seq`. */
  cannotSee(seq: number): Promise<string[]>;
}

export interface Memberships {
  permissionsOf: ReturnType<typeof createPermissionReader>;
  /** Throws `not_contactable` if a block forbids the two users of a direct conversation to change messages, react and type. */
  requireNotBlocked(membership: Membership): Promise<void>;
  /** Whether a member of a group may delete messages of an author, by their roles; an author who has left counts as a member. */
  canModerate(membership: Membership, authorId: string | null): Promise<boolean>;
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
    conversations: Pick<ConversationRepository, 'byId' | 'typeOf'>;
    members: Pick<MemberRepository, 'of' | 'one' | 'among' | 'cannotSee'>;
    hidden: Pick<HiddenRepository, 'cannotSee'>;
    relationshipCache: Pick<RelationshipCache, 'of'>;
  };
  users: { people: Pick<People, 'profilesOf'> };
  hasWritten: HasWritten;
  log: Pick<PendingSource, 'pending'>;
}

export function createMemberships({ repositories, users, hasWritten, log }: Deps): Memberships {
  const { conversations, members, hidden, relationshipCache } = repositories;
  const permissionsOf = createPermissionReader({ relationshipCache, people: users.people, hasWritten });

  /** Both rows of a direct conversation; only the user's own row of a group. */
  async function membersFor(userId: string, conversationId: string): Promise<MemberRow[]> {
    const type = await conversations.typeOf(conversationId);
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
    permissionsOf,
    async requireNotBlocked(membership) {
      if (membership.other && !(await permissionsOf(membership)).canChange) throw notContactable();
    },
    async canModerate({ conversation, member }, authorId) {
      if (conversation.type !== 'group' || authorId === null) return false;
      const role = roleOf(conversation, member.userId);
      // The lowest role first: only users with the permission need another query.
      if (!canModerate({ role, authorRole: 'member' })) return false;
      const isMember = (await members.among(conversation._id, [authorId])).length > 0;
      return canModerate({ role, authorRole: isMember ? roleOf(conversation, authorId) : 'member' });
    },
    async membersAmong({ conversation }, userIds) {
      if (conversation.type === 'direct') return new Set(conversation.userIds);
      return new Set((await members.among(conversation._id, userIds)).map(({ userId }) => userId));
    },
    async audienceOf(conversationId) {
      const row = await conversations.byId(conversationId);
      if (!row) throw notFound();
      const { _id, type, userIds } = row;
      return {
        type,
        userIds,
        async cannotSee(seq) {
          if (seq > row.lastBlindSeq) return [];
          const cannotSee = await Promise.all([members.cannotSee(_id, seq), hidden.cannotSee(_id, seq)]);
          return [...new Set(cannotSee.flat())];
        },
      };
    },
  };
}
