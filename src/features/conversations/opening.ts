import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { notFound } from '../../kernel/problem.js';
import type { ConversationRow, ConversationRows } from './conversations.model.js';
import type { Conversation, CreateConversation } from './conversations.schemas.js';
import type { MemberRows } from './members.model.js';

interface Deps {
  rows: {
    conversations: Pick<ConversationRows, 'findOrMake' | 'activate' | 'forming'>;
    members: Pick<MemberRows, 'found' | 'list' | 'unlistedAt'>;
  };
  users: { exists(userId: string): Promise<boolean> };
  viewFor(userId: string, conversationId: string): Promise<Conversation>;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** How conversations begin, and come into the lists of people. */
export interface Opening {
  /** Opens the one direct conversation with somebody; throws `not_found` for who is not there. */
  create(actor: Actor, input: CreateConversation): Promise<{ conversation: Conversation; isNew: boolean }>;
  /** Tells those in whose list a message has put a conversation, for the first time or again. */
  announceListed(conversationId: string, seq: number): Promise<void>;
  /** Finishes what was begun before a moment and cut off. */
  finishBefore(before: Date): Promise<void>;
}

/** Builds the making of direct conversations. */
export function createOpening({ rows: { conversations, members }, users, viewFor, bus }: Deps): Opening {
  /** Makes the rows of its members, who are in it from its creation. */
  async function complete(row: ConversationRow, openerId: string | null): Promise<void> {
    if (row.state !== 'forming') return;
    for (const userId of row.userIds) {
      await members.found(row._id, userId, { isListed: String(userId) === openerId, at: row.createdAt });
    }
    await conversations.activate(row._id);
  }

  return {
    async create(actor, { userId }) {
      if (!(await users.exists(userId))) throw notFound();
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
    async finishBefore(before) {
      for (const row of await conversations.forming(before)) await complete(row, null);
    },
  };
}
