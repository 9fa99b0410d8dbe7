import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import type { Cursors } from '../../kernel/cursors.js';
import { notFound } from '../../kernel/problem.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { Held } from '../../views/held.js';
import type { Counting } from '../../views/counting.js';
import { type Audience, createAudience } from './audience.js';
import type { Reached } from '../../log/reached.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { UserRefList } from '../users/users.schemas.js';
import type { Users } from '../users/users.service.js';
import { type Blocking, createBlocking } from './blocking.js';
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
import type { Departures } from './departures.js';
import { tellReached } from './reached-news.js';
import type { HiddenRows } from './hidden.model.js';
import { permissionsOf } from './roles.schemas.js';
import { roleOf } from './group-change.model.js';
import { rankOf } from './roles.schemas.js';
import { createHiding, type Hiding } from './hiding.js';
import { createListing, createOwnReading, createTotals, type OwnReading } from './listing.js';
import { createMarks, type Marks } from './marks.js';
import type { MemberRows } from './members.model.js';
import { createOpening, type Opening } from './opening.js';
import { createOwnSettings } from './own-settings.js';
import { createReceiptPrivacy, type ReceiptPrivacy } from './receipt-privacy.js';
import { createReceipts, type Receipts } from './receipts.js';
import { type Contactability, createContactability } from './rules.js';
import { createStanding, type Known } from './standing.js';

interface Deps {
  rows: { conversations: ConversationRows; members: MemberRows; hidden: HiddenRows };
  log: Known;
  users: Pick<Users, 'people' | 'relations' | 'listed' | 'hidingAmong' | 'me' | 'setPrivacy'>;
  contacts: Pick<Contacts, 'block' | 'unblock' | 'announce'>;
  /** The last number of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
  hasWritten: Parameters<typeof createContactability>[0]['hasWritten'];
  /** Waits until nothing can land any more that was allowed before. */
  passed(): Promise<void>;
  views: ConversationViews;
  counting: Counting;
  reached: Reached;
  departures: Departures;
  cursors: Cursors;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

export interface Conversations extends OwnReading {
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
  /** The facts that the rules of a conversation need; throws `not_found` for who is no member. */
  standingOf(userId: string, conversationId: string): Promise<Held>;
  /** The groups of a person, for the rooms of his sockets. */
  groupRoomsOf(userId: string): Promise<string[]>;
  /** The groups that people are in. */
  groupsOf(userIds: readonly string[]): Promise<Map<string, Set<string>>>;
  /** Everybody who shares a conversation with a person. */
  companionsOf(userId: string): Promise<string[]>;
  announceListed: Opening['announceListed'];
  /** Who is told of the messages of a conversation, and who of them cannot see which. */
  audienceOf(conversationId: string): Promise<Audience>;
  /** What the members show somebody of their marks. */
  shownTo: Receipts['shownTo'];
  blocking: Blocking;
  privacy: ReceiptPrivacy;
  /** Those of some people with whom somebody shares a conversation or has added as contacts. */
  namesOf(actor: Actor, userIds: readonly string[]): Promise<UserRefList>;
  rulesOf: Contactability['rulesOf'];
  requireChange: Contactability['requireChange'];
  /** The conversation of somebody as he sees it; throws `not_found`. */
  viewFor(userId: string, conversationId: string): Promise<Conversation>;
  /** Which of these people are members; of a direct conversation, of its two. */
  membersAmong(held: Held, userIds: readonly string[]): Promise<Set<string>>;
  departures: Departures;
  /** Whether a member of a group may delete what another has written: by rank, and who has left ranks as a member. */
  isAbove(held: Held, otherId: string | null): Promise<boolean>;
  /** Before a message comes to count for no badge. */
  raiseUncounted: ConversationRows['raiseUncounted'];
  hideMessage: Hiding['hide'];
  /** Finishes what was begun before a moment and cut off. */
  finishBefore(before: Date): Promise<void>;
}

/** The groups that people are in, by person. */
async function groupsOf(members: MemberRows, userIds: readonly string[]): Promise<Map<string, Set<string>>> {
  const groups = new Map<string, Set<string>>();
  for (const { userId, conversationId } of await members.groupsOf(userIds)) {
    const key = String(userId);
    groups.set(key, (groups.get(key) ?? new Set()).add(String(conversationId)));
  }
  return groups;
}

/** Everybody who is in a conversation with somebody. */
async function companionsOf(members: MemberRows, userId: string): Promise<string[]> {
  const own = await members.ofUser(userId);
  const people = await members.peopleOf(own.map(({ conversationId }) => conversationId));
  return people.filter((id) => id !== userId);
}

/** Whether somebody who may delete messages ranks above another in a group. */
async function isAbove(members: MemberRows, { conversation, member }: Held, otherId: string | null): Promise<boolean> {
  if (conversation.type !== 'group') return false;
  const role = roleOf(conversation, String(member.userId));
  if (!permissionsOf(role).includes('delete_messages') || otherId === null) return false;
  const isMember = (await members.among(conversation._id, [otherId])).length > 0;
  return rankOf(role) < rankOf(isMember ? roleOf(conversation, otherId) : 'member');
}

/** Those of some people with whom somebody shares a conversation or has added as contacts. */
async function namesOf({ rows, users }: Pick<Deps, 'rows' | 'users'>, userId: string, ids: readonly string[]) {
  const asked = [...new Set(ids)];
  const [groups, partners, betweens] = await Promise.all([
    groupsOf(rows.members, [userId, ...asked]),
    rows.conversations.partnersAmong(userId, asked),
    users.relations.between(userId, asked),
  ]);
  const own = groups.get(userId) ?? new Set();
  const isKnown = (id: string): boolean =>
    id === userId ||
    partners.includes(id) ||
    betweens.get(id)?.hasAdded === true ||
    [...(groups.get(id) ?? [])].some((group) => own.has(group));
  return { items: await users.listed(asked.filter(isKnown)) };
}

/** Builds the conversations of a server. */
export function createConversations(deps: Deps): Conversations {
  const { rows, log, users, contacts, lastSeq, views, counting, reached, departures, cursors, passed, bus } = deps;
  const { conversations, members, hidden } = rows;
  const standingOf = createStanding({ conversations, members, typeOf: reached.typeOf, log });
  const list = createListing({ rows, log, views, counting, cursors });
  const totals = createTotals({ rows, log, counting });
  const { rulesOf, requireChange } = createContactability(deps);
  const marks = createMarks({ rows, log, standingOf, counting, reached, rulesOf, lastSeq, bus });
  const own = createOwnSettings({ conversations, members, log, standingOf, marks, bus });
  const hiding = createHiding({ rows, standingOf, marks, bus });

  async function viewFor(userId: string, conversationId: string): Promise<Conversation> {
    const [view] = await views.of(userId, [await standingOf(userId, conversationId)]);
    if (!view) throw notFound();
    return view;
  }

  tellReached({ conversations, members, reached, bus });
  const opening = createOpening({ rows, users, viewFor, bus });
  const receipts = createReceipts({ members, standingOf, relations: users.relations, cursors });

  return {
    standingOf,
    create: opening.create,
    list: (actor, input) => list(actor.userId, input),
    ...createOwnReading({ rows, log }),
    marks,
    unread: ({ userId }) => totals(userId),
    async update(actor, conversationId, settings) {
      await own.update(actor, conversationId, settings);
      return viewFor(actor.userId, conversationId);
    },
    hide: own.hide,
    receipts: (actor, conversationId, asked) => receipts.list(actor.userId, { conversationId, ...asked }),
    get: (actor, conversationId) => viewFor(actor.userId, conversationId),
    // Direct conversations have no room: their news go to the rooms of their people.
    groupRoomsOf: async (userId) =>
      (await members.groupsOf([userId])).map(({ conversationId }) => String(conversationId)),
    groupsOf: (userIds) => groupsOf(members, userIds),
    companionsOf: (userId) => companionsOf(members, userId),
    announceListed: opening.announceListed,
    viewFor,
    departures,
    isAbove: (held, otherId) => isAbove(members, held, otherId),
    async membersAmong({ conversation }, userIds) {
      if (conversation.type === 'direct') return new Set(conversation.userIds.map(String));
      return new Set((await members.among(conversation._id, userIds)).map(({ userId }) => String(userId)));
    },
    audienceOf: createAudience({ conversations, members, hidden }),
    shownTo: receipts.shownTo,
    rulesOf,
    requireChange,
    blocking: createBlocking({ rows, contacts, marks, viewFor, departures, passed, bus }),
    privacy: createReceiptPrivacy({ conversations, members, users, bus }),
    namesOf: ({ userId }, ids) => namesOf(deps, userId, ids),
    raiseUncounted: conversations.raiseUncounted,
    hideMessage: hiding.hide,
    async finishBefore(before) {
      await opening.finishBefore(before);
      await hiding.finishBefore(before);
    },
  };
}
