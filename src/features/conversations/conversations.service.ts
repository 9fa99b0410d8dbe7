import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Cursors } from '../../kernel/cursors.js';
import { notFound } from '../../kernel/problem.js';
import type { ConversationViews, Held } from '../../views/conversation-views.js';
import type { ConversationRow, ConversationRows } from './conversations.model.js';
import type { Conversation, ConversationList, CreateConversation, ListConversations } from './conversations.schemas.js';
import { createListing } from './listing.js';
import type { MemberRows } from './members.model.js';
import { createStanding, type Known } from './standing.js';

interface Deps {
  rows: { conversations: ConversationRows; members: MemberRows };
  log: Known;
  users: { exists(userId: string): Promise<boolean> };
  views: ConversationViews;
  cursors: Cursors;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

export interface Conversations {
  /** Opens the one direct conversation with somebody; throws `not_found` for who is not there. */
  create(actor: Actor, input: CreateConversation): Promise<{ conversation: Conversation; isNew: boolean }>;
  /** The conversations of a person, pinned first, then by activity; throws `unavailable`. */
  list(actor: Actor, input: ListConversations): Promise<ConversationList>;
  get(actor: Actor, conversationId: string): Promise<Conversation>;
  /** The facts that the rules of a conversation need; throws `not_found` for who is no member. */
  standingOf(userId: string, conversationId: string): Promise<Held>;
  /** The groups of a person, for the rooms of his sockets. */
  groupRoomsOf(userId: string): Promise<string[]>;
  /** Everybody who shares a conversation with a person. */
  companionsOf(userId: string): Promise<string[]>;
  /** Tells who has not opened a direct conversation himself that it is in his list now. */
  announceFirst(conversationId: string): Promise<void>;
  /** Finishes a conversation whose making was cut off. */
  finish(conversationId: string): Promise<void>;
}

/** Builds the conversations of a server. */
export function createConversations({ rows, log, users, views, cursors, bus }: Deps): Conversations {
  const { conversations, members } = rows;
  const standingOf = createStanding({ conversations, members, log });
  const list = createListing({ rows, log, views, cursors });

  async function viewFor(userId: string, conversationId: string): Promise<Conversation> {
    const [view] = await views.of(userId, [await standingOf(userId, conversationId)]);
    if (!view) throw notFound();
    return view;
  }

  /** Makes the rows of its members, who are in it from its creation. */
  async function complete(row: ConversationRow, openerId: string | null): Promise<void> {
    if (row.state !== 'forming') return;
    for (const userId of row.userIds) {
      await members.found(row._id, userId, { isListed: String(userId) === openerId, at: row.createdAt });
    }
    await conversations.activate(row._id);
  }

  return {
    standingOf,
    async create(actor, { userId }) {
      if (!(await users.exists(userId))) throw notFound();
      const { row, isNew } = await conversations.findOrMake(actor.userId, userId, new Date());
      await complete(row, actor.userId);
      const isListedNow = await members.list(row._id, actor.userId);
      const conversation = await viewFor(actor.userId, String(row._id));
      if (isNew || (isListedNow && conversation.seq === 0)) {
        bus.publish('conversation.created', { userId: actor.userId, conversation, originSocketId: actor.socketId });
      }
      return { conversation, isNew };
    },
    list: (actor, input) => list(actor.userId, input),
    get: (actor, conversationId) => viewFor(actor.userId, conversationId),
    // Direct conversations have no room: their news go to the rooms of their people.
    groupRoomsOf: () => Promise.resolve([]),
    async companionsOf(userId) {
      const own = await members.ofUser(userId);
      const people = await members.peopleOf(own.map(({ conversationId }) => conversationId));
      return people.filter((id) => id !== userId);
    },
    async announceFirst(conversationId) {
      for (const member of await members.of(conversationId)) {
        if (member.isListed) continue;
        const userId = String(member.userId);
        bus.publish('conversation.created', { userId, conversation: await viewFor(userId, conversationId) });
      }
    },
    async finish(conversationId) {
      const row = await conversations.byId(conversationId);
      if (row) await complete(row, null);
    },
  };
}
