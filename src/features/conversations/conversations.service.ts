import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Cursors } from '../../kernel/cursors.js';
import { notFound } from '../../kernel/problem.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { Held } from '../../views/held.js';
import type { Counting } from '../../views/counting.js';
import { type Audience, createAudience } from './audience.js';
import type { ConversationRows } from './conversations.model.js';
import type {
  Conversation,
  ConversationList,
  ListConversations,
  ListReceipts,
  ReceiptList,
  UnreadTotals,
  UpdateSettings,
} from './conversations.schemas.js';
import type { HiddenRows } from './hidden.model.js';
import { createHiding, type Hiding } from './hiding.js';
import { createListing, createTotals, heldBy } from './listing.js';
import { createMarks, type Marks } from './marks.js';
import type { MemberRows } from './members.model.js';
import { createOpening, type Opening } from './opening.js';
import { createOwnSettings } from './own-settings.js';
import { createStanding, type Known } from './standing.js';

interface Deps {
  rows: { conversations: ConversationRows; members: MemberRows; hidden: HiddenRows };
  log: Known;
  users: { exists(userId: string): Promise<boolean> };
  /** The last number of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
  views: ConversationViews;
  counting: Counting;
  cursors: Cursors;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

/** What a member shows of his marks, and since when he is there. */
interface Shown {
  userId: string;
  deliveredSeq: number;
  readSeq: number;
  joinedSeq: number;
}

export interface Conversations {
  create: Opening['create'];
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
  /** All conversations in a person's list; throws `unavailable`. */
  allOf(userId: string): Promise<Held[]>;
  /** The facts that the rules of a conversation need; throws `not_found` for who is no member. */
  standingOf(userId: string, conversationId: string): Promise<Held>;
  /** The groups of a person, for the rooms of his sockets. */
  groupRoomsOf(userId: string): Promise<string[]>;
  /** Everybody who shares a conversation with a person. */
  companionsOf(userId: string): Promise<string[]>;
  announceListed: Opening['announceListed'];
  /** Who is told of the messages of a conversation, and who of them cannot see which. */
  audienceOf(conversationId: string): Promise<Audience>;
  /** What the members show of their marks. */
  shownOf(conversationId: string): Promise<Shown[]>;
  /** Before a message comes to count for no badge. */
  raiseUncounted: ConversationRows['raiseUncounted'];
  hideMessage: Hiding['hide'];
  /** Finishes what was begun before a moment and cut off. */
  finishBefore(before: Date): Promise<void>;
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

/** What the members show of their marks. */
async function shownOf(members: MemberRows, conversationId: string): Promise<Shown[]> {
  return (await members.of(conversationId)).map((row) => ({
    userId: String(row.userId),
    deliveredSeq: row.shownDeliveredSeq,
    readSeq: row.shownReadSeq,
    joinedSeq: row.joinedSeq,
  }));
}

/** Builds the conversations of a server. */
export function createConversations({ rows, log, users, lastSeq, views, counting, cursors, bus }: Deps): Conversations {
  const { conversations, members, hidden } = rows;
  const standingOf = createStanding({ conversations, members, log });
  const list = createListing({ rows, log, views, counting, cursors });
  const totals = createTotals({ rows, log, counting });
  const marks = createMarks({ rows, log, standingOf, counting, lastSeq, bus });
  const own = createOwnSettings({ conversations, members, log, standingOf, marks, bus });
  const hiding = createHiding({ rows, standingOf, marks, bus });

  async function viewFor(userId: string, conversationId: string): Promise<Conversation> {
    const [view] = await views.of(userId, [await standingOf(userId, conversationId)]);
    if (!view) throw notFound();
    return view;
  }

  const opening = createOpening({ rows, users, viewFor, bus });

  return {
    standingOf,
    create: opening.create,
    list: (actor, input) => list(actor.userId, input),
    allOf: (userId) => heldBy({ rows, log }, userId),
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
    announceListed: opening.announceListed,
    audienceOf: createAudience({ conversations, members, hidden }),
    shownOf: (conversationId) => shownOf(members, conversationId),
    raiseUncounted: conversations.raiseUncounted,
    hideMessage: hiding.hide,
    async finishBefore(before) {
      await opening.finishBefore(before);
      await hiding.finishBefore(before);
    },
  };
}
