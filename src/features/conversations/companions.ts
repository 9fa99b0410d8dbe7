import type { UserRefList } from '@causerie/contract/users';
import type { Actor } from '../../kernel/actor.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { canName } from '../../rules/people.js';
import type { Users } from '../users/users.service.js';

/** The users with whom a user shares conversations. */
export interface Companions {
  /** The ids of the groups of each of these users. */
  groupsOf(userIds: readonly string[]): Promise<Map<string, Set<string>>>;
  /** The groups of a user, each a room of the user's sockets. Direct conversations have no room: their events go to the rooms of their users. */
  groupRoomsOf(userId: string): Promise<string[]>;
  /** Everyone who shares a conversation with a user. */
  companionsOf(userId: string): Promise<string[]>;
  /** The names of those users whom the caller shares a conversation with or has added as contacts. */
  namesOf(actor: Actor, userIds: readonly string[]): Promise<UserRefList>;
}

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'partnersAmong'>;
    members: Pick<MemberRepository, 'groupsOf' | 'ofUser' | 'peopleOf'>;
  };
  users: Pick<Users, 'relations' | 'listed'>;
}

export function createCompanions({ repositories: { conversations, members }, users }: Deps): Companions {
  async function groupsOf(userIds: readonly string[]): Promise<Map<string, Set<string>>> {
    const groups = new Map<string, Set<string>>();
    for (const { userId, conversationId } of await members.groupsOf(userIds)) {
      const key = userId;
      groups.set(key, (groups.get(key) ?? new Set()).add(conversationId));
    }
    return groups;
  }

  return {
    groupsOf,
    groupRoomsOf: async (userId) => (await members.groupsOf([userId])).map(({ conversationId }) => conversationId),
    async companionsOf(userId) {
      const memberRows = await members.ofUser(userId);
      const people = await members.peopleOf(memberRows.map(({ conversationId }) => conversationId));
      return people.filter((id) => id !== userId);
    },
    async namesOf({ userId }, ids) {
      const requested = [...new Set(ids)];
      const [groups, partners, relationships] = await Promise.all([
        groupsOf([userId, ...requested]),
        conversations.partnersAmong(userId, requested),
        users.relations.relationship(userId, requested),
      ]);
      const ownGroups = groups.get(userId) ?? new Set();
      const isNamed = (id: string): boolean =>
        canName({
          isSelf: id === userId,
          hasAdded: relationships.get(id)?.hasAdded === true,
          sharesConversation:
            partners.includes(id) || [...(groups.get(id) ?? [])].some((group) => ownGroups.has(group)),
        });
      return { items: await users.listed(requested.filter(isNamed)) };
    },
  };
}
