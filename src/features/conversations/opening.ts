import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { notContactable, notFound, Problem } from '../../kernel/problem.js';
import { mayWrite } from '../../rules/people.js';
import type { Users } from '../users/users.service.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { Conversation, CreateConversation } from '@causerie/contract/conversations';
import type { MemberRepository } from '../../repositories/members/member-repository.js';

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'ofPair' | 'findOrMake' | 'activate' | 'forming'>;
    members: Pick<MemberRepository, 'found' | 'list' | 'unlistedAt' | 'crowdedAmong'>;
  };
  users: Pick<Users, 'people'>;
  viewFor(userId: string, conversationId: string): Promise<Conversation>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** How conversations begin, and come into the lists of people. */
export interface Opening {
  /**
   * Opens the one direct conversation with somebody. Throws `not_found` for who is not there, and `not_contactable`
   * where there is none and he may not be written to, `conflict` where one of the two is in too many conversations.
   */
  create(actor: Actor, input: CreateConversation): Promise<{ conversation: Conversation; isNew: boolean }>;
  /** Tells those in whose list a message has put a conversation, for the first time or again. */
  announceListed(conversationId: string, seq: number): Promise<void>;
  /** Finishes what was begun before a moment and cut off. */
  completePending(before: Date): Promise<void>;
}

/** Builds the making of direct conversations. */
export function createOpening({ repositories: { conversations, members }, users, viewFor, bus }: Deps): Opening {
  /** Makes the rows of its members, who are in it from its creation. */
  async function complete(row: ConversationRow, openerId: string | null): Promise<void> {
    if (row.state !== 'forming') return;
    for (const userId of row.userIds) {
      await members.found(row._id, userId, { isListed: String(userId) === openerId, at: row.createdAt });
    }
    await conversations.activate(row._id);
  }

  /** The one that exists may always be opened. */
  async function requireOpen(userId: string, otherId: string): Promise<void> {
    const other = (await users.people.of(userId, [otherId])).get(otherId);
    if (!other) throw notFound();
    if (await conversations.ofPair(userId, otherId)) return;
    if (!mayWrite(other.relationship, other.profile, false)) throw notContactable();
    if ((await members.crowdedAmong([userId, otherId])).size > 0) throw new Problem('conflict');
  }

  return {
    async create(actor, { userId }) {
      await requireOpen(actor.userId, userId);
      const { row, isNew } = await conversations.findOrMake(actor.userId, userId, new Date());
      await complete(row, actor.userId);
      const isListedNow = await members.list(row._id, actor.userId);
      const conversation = await viewFor(actor.userId, String(row._id));
      if (isNew || (isListedNow && conversation.lastMessage === null)) {
        bus.publish('conversation.created', { userId: actor.userId, conversation, originSocketId: actor.socketId });
      }
      return { conversation, isNew };
    },
    async announceListed(conversationId, seq) {
      for (const userId of await members.unlistedAt(conversationId, seq - 1)) {
        bus.publish('conversation.created', { userId, conversation: await viewFor(userId, conversationId) });
      }
    },
    async completePending(before) {
      for (const row of await conversations.forming(before)) await complete(row, null);
    },
  };
}
