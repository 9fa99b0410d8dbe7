import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Cursors } from '../../kernel/cursors.js';
import { notFound } from '../../kernel/problem.js';
import type { ConversationViews, Held } from '../../views/conversation-views.js';
import type { ConversationRow, ConversationRows } from './conversations.model.js';
import { startOf } from './conversations.policy.js';
import type {
  Conversation,
  ConversationList,
  CreateConversation,
  ListConversations,
  ListReceipts,
  ReceiptList,
  UnreadTotals,
  UpdateSettings,
} from './conversations.schemas.js';
import { createListing, createTotals } from './listing.js';
import { createMarks, type Marks } from './marks.js';
import type { MemberRows } from './members.model.js';
import { createOwnSettings } from './own-settings.js';
import { createStanding, type Known } from './standing.js';

interface Deps {
  rows: { conversations: ConversationRows; members: MemberRows };
  log: Known;
  users: { exists(userId: string): Promise<boolean> };
  /** The last number of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
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
  marks: Marks;
  /** The totals for a badge; throws `unavailable`. */
  unread(actor: Actor): Promise<UnreadTotals>;
  /** Changes the own settings; throws `not_found`. */
  update(actor: Actor, conversationId: string, settings: UpdateSettings): Promise<Conversation>;
  /** Empties and hides a conversation for the caller until its next message; throws `not_found`. */
  hide(actor: Actor, conversationId: string): Promise<void>;
  /** What the other members show of their marks. */
  receipts(actor: Actor, conversationId: string, asked: ListReceipts): Promise<ReceiptList>;
  /** The facts that the rules of a conversation need; throws `not_found` for who is no member. */
  standingOf(userId: string, conversationId: string): Promise<Held>;
  /** The groups of a person, for the rooms of his sockets. */
  groupRoomsOf(userId: string): Promise<string[]>;
  /** Everybody who shares a conversation with a person. */
  companionsOf(userId: string): Promise<string[]>;
  /** Tells those in whose list a message has put a conversation, for the first time or again. */
  announceListed(conversationId: string, seq: number): Promise<void>;
  /** Finishes a conversation whose making was cut off. */
  finish(conversationId: string): Promise<void>;
}

/** Everybody who is in a conversation with somebody. */
async function companionsOf(members: MemberRows, userId: string): Promise<string[]> {
  const own = await members.ofUser(userId);
  const people = await members.peopleOf(own.map(({ conversationId }) => conversationId));
  return people.filter((id) => id !== userId);
}

/** What the other one shows of his marks: one page, so there is no cursor that could be ours. */
async function receiptsFor(
  { standingOf, cursors }: Pick<Conversations, 'standingOf'> & { cursors: Cursors },
  userId: string,
  { conversationId, cursor }: ListReceipts & { conversationId: string },
): Promise<ReceiptList> {
  const { other } = await standingOf(userId, conversationId);
  if (cursor !== undefined) cursors.decode(`receipts ${conversationId}`, userId, cursor);
  if (!other) return { items: [], nextCursor: null };
  const { shownDeliveredSeq: deliveredSeq, shownReadSeq: readSeq } = other;
  return { items: [{ userId: String(other.userId), deliveredSeq, readSeq }], nextCursor: null };
}

/** Builds the conversations of a server. */
export function createConversations({ rows, log, users, lastSeq, views, cursors, bus }: Deps): Conversations {
  const { conversations, members } = rows;
  const standingOf = createStanding({ conversations, members, log });
  const list = createListing({ rows, log, views, cursors });
  const totals = createTotals({ rows, log, views, cursors });
  const marks = createMarks({ rows, log, standingOf, views, lastSeq, bus });
  const own = createOwnSettings({ members, log, standingOf, marks, bus });

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
      if (isNew || (isListedNow && conversation.lastMessage === null)) {
        bus.publish('conversation.created', { userId: actor.userId, conversation, originSocketId: actor.socketId });
      }
      return { conversation, isNew };
    },
    list: (actor, input) => list(actor.userId, input),
    marks,
    unread: ({ userId }) => totals(userId),
    async update(actor, conversationId, settings) {
      await own.update(actor, conversationId, settings);
      return viewFor(actor.userId, conversationId);
    },
    hide: own.hide,
    receipts: (actor, conversationId, asked) =>
      receiptsFor({ standingOf, cursors }, actor.userId, { conversationId, ...asked }),
    get: (actor, conversationId) => viewFor(actor.userId, conversationId),
    // Direct conversations have no room: their news go to the rooms of their people.
    groupRoomsOf: () => Promise.resolve([]),
    companionsOf: (userId) => companionsOf(members, userId),
    async announceListed(conversationId, seq) {
      for (const member of await members.of(conversationId)) {
        if (member.isListed || seq !== startOf(member) + 1) continue;
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
