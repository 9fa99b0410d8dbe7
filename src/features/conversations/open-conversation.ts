import type { Conversation, CreateConversation } from '@causerie/contract/conversations';
import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { notFound, Problem } from '../../kernel/problem.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { refusalOfOpening } from '../../rules/conversations.js';
import { canWrite } from '../../rules/people.js';
import type { Users } from '../users/users.service.js';
import type { ConversationReader } from './list-conversations.js';

export interface Opening {
  /**
   * Opens the one direct conversation with a user. Throws `not_found` if there is no such user and, where there is no
   * conversation yet, `not_contactable`, and `conflict` if one of the two is in too many conversations.
   */
  openConversation(actor: Actor, input: CreateConversation): Promise<{ conversation: Conversation; isNew: boolean }>;
  /** Notifies the members in whose list a message has put a conversation, for the first time or again. */
  announceListed(conversationId: string, seq: number): Promise<void>;
  /** Completes conversations whose creation was interrupted before a moment. */
  completeOpenings(before: Date): Promise<void>;
}

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'ofPair' | 'findOrCreate' | 'activate' | 'unfinished'>;
    members: Pick<MemberRepository, 'ensureMember' | 'list' | 'unlistedAt' | 'crowdedAmong'>;
  };
  users: Pick<Users, 'people'>;
  viewFor: ConversationReader['viewFor'];
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export function createOpening({ repositories: { conversations, members }, users, viewFor, bus }: Deps): Opening {
  /** Creates the rows of the members, who have been in it since its creation. */
  async function complete(row: ConversationRow, openerId: string | null): Promise<void> {
    if (row.state !== 'forming') return;
    for (const userId of row.userIds) {
      await members.ensureMember(row._id, userId, { isListed: userId === openerId, at: row.createdAt });
    }
    await conversations.activate(row._id);
  }

  async function requireOpenable(userId: string, otherId: string): Promise<void> {
    const other = (await users.people.of(userId, [otherId])).get(otherId);
    if (!other) throw notFound();
    if (await conversations.ofPair(userId, otherId)) return;
    const refusal = refusalOfOpening({
      canWrite: canWrite({ ...other, hasWritten: false }),
      isCrowded: (await members.crowdedAmong([userId, otherId])).size > 0,
    });
    if (refusal) throw new Problem(refusal);
  }

  return {
    async openConversation(actor, { userId }) {
      await requireOpenable(actor.userId, userId);
      const { row, isNew } = await conversations.findOrCreate(actor.userId, userId, new Date());
      await complete(row, actor.userId);
      const isListedNow = await members.list(row._id, actor.userId);
      const conversation = await viewFor(actor.userId, row._id);
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
    async completeOpenings(before) {
      for (const row of await conversations.unfinished(before)) await complete(row, null);
    },
  };
}
