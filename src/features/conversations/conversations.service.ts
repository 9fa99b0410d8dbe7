import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { notFound, unavailable } from '../../kernel/problem.js';
import type { ConversationViews, Held } from '../../views/conversation-views.js';
import type { ConversationRow, ConversationRows } from './conversations.model.js';
import { unreadOf } from './conversations.policy.js';
import type { Conversation, ConversationList, CreateConversation, ListConversations } from './conversations.schemas.js';
import type { MemberRow, MemberRows } from './members.model.js';

/** What this process knows beyond the store. */
interface Known {
  settle(): Promise<boolean>;
  noted(conversationId: string): {
    head: { seq: number; lastActivityAt: Date };
    marks: ReadonlyMap<string, number>;
  } | null;
}

interface Deps {
  rows: { conversations: ConversationRows; members: MemberRows };
  log: Known;
  users: { exists(userId: string): Promise<boolean> };
  views: ConversationViews;
  cursors: {
    encode(list: string, userId: string, position: unknown): string;
    /** Throws `invalid_input` for what this server did not make for this list and person. */
    decode(list: string, userId: string, cursor: string): unknown;
  };
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

type Position = [pinned: boolean, lastActivityAt: number, id: string];

function positionOf({ conversation, member }: Held): Position {
  return [member.pinned, conversation.lastActivityAt.getTime(), String(conversation._id)];
}

/** Pinned first, then the latest activity, then the higher id. */
function compare(a: Position, b: Position): number {
  if (a[0] !== b[0]) return a[0] ? -1 : 1;
  return b[1] - a[1] || (a[2] < b[2] ? 1 : -1);
}

const filters: Record<ListConversations['filter'], (held: Held) => boolean> = {
  all: () => true,
  unread: ({ conversation, member }) => member.markedUnread || unreadOf(member, conversation.seq) > 0,
  archived: ({ member }) => member.archived,
};

/** Builds the conversations of a server. */
export function createConversations({ rows, log, users, views, cursors, bus }: Deps): Conversations {
  const { conversations, members } = rows;

  /** The larger of what is stored and what this process knows: what was acknowledged is at or below every head shown. */
  function raised(conversation: ConversationRow): ConversationRow {
    const head = log.noted(String(conversation._id))?.head;
    if (!head || head.seq <= conversation.seq) return conversation;
    return { ...conversation, seq: head.seq, lastActivityAt: head.lastActivityAt };
  }

  function raisedMember(member: MemberRow): MemberRow {
    const sent = log.noted(String(member.conversationId))?.marks.get(String(member.userId)) ?? 0;
    if (sent <= member.readSeq) return member;
    const mark = Math.max(sent, member.deliveredSeq);
    return {
      ...member,
      readSeq: sent,
      deliveredSeq: mark,
      shownReadSeq: sent,
      shownDeliveredSeq: mark,
      markedUnread: false,
    };
  }

  async function standingOf(userId: string, conversationId: string): Promise<Held> {
    await log.settle();
    // The member rows first, then the head: a mark is never above the head that is shown with it.
    const present = (await members.of(conversationId)).map(raisedMember);
    const member = present.find((row) => String(row.userId) === userId);
    if (!member) throw notFound();
    const conversation = await conversations.byId(conversationId);
    if (!conversation) throw notFound();
    return { conversation: raised(conversation), member, other: present.find((row) => row !== member) ?? null };
  }

  async function viewOf(userId: string, held: Held): Promise<Conversation> {
    const [view] = await views.of(userId, [held]);
    if (!view) throw notFound();
    return view;
  }

  async function complete(row: ConversationRow, openerId: string | null): Promise<void> {
    if (row.state !== 'forming') return;
    for (const userId of row.userIds) {
      await members.found(row._id, userId, { isListed: String(userId) === openerId, at: row.createdAt });
    }
    await conversations.activate(row._id);
  }

  async function heldBy(userId: string): Promise<Held[]> {
    if (!(await log.settle())) throw unavailable();
    const own = await members.ofUser(userId);
    const ids = own.map(({ conversationId }) => conversationId);
    const everybody = await members.ofAll(ids);
    const found = new Map((await conversations.byIds(ids)).map((row) => [String(row._id), row]));
    const others = new Map<string, MemberRow>();
    for (const row of everybody) if (String(row.userId) !== userId) others.set(String(row.conversationId), row);
    return own.flatMap((member) => {
      const key = String(member.conversationId);
      const conversation = found.get(key);
      if (!conversation || (!member.isListed && conversation.seq === 0)) return [];
      return [{ conversation, member, other: others.get(key) ?? null }];
    });
  }

  return {
    standingOf,
    async create(actor, { userId }) {
      if (!(await users.exists(userId))) throw notFound();
      const { row, isNew } = await conversations.findOrMake(actor.userId, userId, new Date());
      await complete(row, actor.userId);
      const isListedNow = await members.list(row._id, actor.userId);
      const conversation = await viewOf(actor.userId, await standingOf(actor.userId, String(row._id)));
      if (isNew || (isListedNow && conversation.seq === 0)) {
        bus.publish('conversation.created', { userId: actor.userId, conversation, originSocketId: actor.socketId });
      }
      return { conversation, isNew };
    },
    async list({ userId }, { filter, limit, cursor }) {
      const name = `conversations ${filter}`;
      const after = cursor === undefined ? null : (cursors.decode(name, userId, cursor) as Position);
      const all = (await heldBy(userId))
        .filter(filters[filter])
        .sort((a, b) => compare(positionOf(a), positionOf(b)))
        .filter((held) => after === null || compare(positionOf(held), after) > 0);
      const shown = all.slice(0, limit);
      const last = all.length > limit ? shown.at(-1) : undefined;
      return {
        items: await views.of(userId, shown),
        nextCursor: last ? cursors.encode(name, userId, positionOf(last)) : null,
      };
    },
    get: async ({ userId }, conversationId) => viewOf(userId, await standingOf(userId, conversationId)),
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
        const conversation = await viewOf(userId, await standingOf(userId, conversationId));
        bus.publish('conversation.created', { userId, conversation });
      }
    },
    async finish(conversationId) {
      const row = await conversations.byId(conversationId);
      if (row) await complete(row, null);
    },
  };
}
