import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Cursors } from '../../kernel/cursors.js';
import { notFound } from '../../kernel/problem.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { Membership } from '../../views/membership.js';
import type { Counting } from '../../views/counting.js';
import { type Audience, createAudience } from './audience.js';
import type { GroupReceipts } from '../../log/group-receipts.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { UserRefList } from '@causerie/contract/users';
import type { Users } from '../users/users.service.js';
import { type Blocking, createBlocking } from './blocking.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type {
  Conversation,
  ConversationList,
  ListConversations,
  ListReceipts,
  ReceiptList,
  UnreadTotals,
  UpdateSettings,
} from '@causerie/contract/conversations';
import type { Removals } from '../../log/removals.js';
import { publishGroupReceipts } from './group-receipt-publisher.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import { roleOf } from '../../repositories/conversations/group-change.js';
import { createHiding, type Hiding } from './hiding.js';
import { createListing, createMembershipReader, createTotals, type MembershipReader } from './listing.js';
import { createReadPositions, type ReadPositions } from './read-positions.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import { createOpening, type Opening } from './opening.js';
import { createOwnSettings } from './own-settings.js';
import { createReceiptPrivacy, type ReceiptPrivacy } from './receipt-privacy.js';
import { createReceipts, type Receipts } from './receipts.js';
import { type ConversationPermissions, createConversationPermissions } from './permissions.js';
import { createRequireMembership } from './membership.js';
import { toPermissions, rankOf } from '../../rules/roles.js';
import type { PendingSource } from '../../log/overlay.js';

interface Deps {
  repositories: { conversations: ConversationRepository; members: MemberRepository; hidden: HiddenRepository };
  log: PendingSource;
  users: Pick<Users, 'people' | 'relations' | 'listed' | 'hidingAmong' | 'me' | 'setPrivacy'>;
  contacts: Pick<Contacts, 'block' | 'unblock' | 'announce'>;
  /** The last number of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
  hasWritten: Parameters<typeof createConversationPermissions>[0]['hasWritten'];
  /** Waits until nothing can land any more that was allowed before. */
  drained(): Promise<void>;
  views: ConversationViews;
  counting: Counting;
  groupReceipts: GroupReceipts;
  removals: Removals;
  cursors: Cursors;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export interface Conversations extends MembershipReader {
  create: Opening['create'];
  /** The conversations of a person, pinned first, then by activity; throws `unavailable`. */
  list(actor: Actor, input: ListConversations): Promise<ConversationList>;
  get(actor: Actor, conversationId: string): Promise<Conversation>;
  readPositions: ReadPositions;
  /** The totals for a badge; throws `unavailable`. */
  unread(actor: Actor): Promise<UnreadTotals>;
  /** Changes the own settings; throws `not_found`. */
  update(actor: Actor, conversationId: string, settings: UpdateSettings): Promise<Conversation>;
  /** Empties and hides a conversation for the caller until its next message; throws `not_found`. */
  hide(actor: Actor, conversationId: string): Promise<void>;
  /** What the other members show of their marks. */
  receipts(actor: Actor, conversationId: string, request: ListReceipts): Promise<ReceiptList>;
  /** The facts that the rules of a conversation need; throws `not_found` for who is no member. */
  requireMembership(userId: string, conversationId: string): Promise<Membership>;
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
  permissionsOf: ConversationPermissions['permissionsOf'];
  requireNotBlocked: ConversationPermissions['requireNotBlocked'];
  /** The conversation of somebody as he sees it; throws `not_found`. */
  viewFor(userId: string, conversationId: string): Promise<Conversation>;
  /** Which of these people are members; of a direct conversation, of its two. */
  membersAmong(membership: Membership, userIds: readonly string[]): Promise<Set<string>>;
  removals: Removals;
  /** Whether a member of a group may delete what another has written: by rank, and who has left ranks as a member. */
  isAbove(membership: Membership, otherId: string | null): Promise<boolean>;
  /** Before a message comes to count for no badge. */
  raiseUncounted: ConversationRepository['raiseUncounted'];
  hideMessage: Hiding['hide'];
  /** Finishes what was begun before a moment and cut off. */
  completePending(before: Date): Promise<void>;
}

/** The groups that people are in, by person. */
async function groupsOf(members: MemberRepository, userIds: readonly string[]): Promise<Map<string, Set<string>>> {
  const groups = new Map<string, Set<string>>();
  for (const { userId, conversationId } of await members.groupsOf(userIds)) {
    const key = String(userId);
    groups.set(key, (groups.get(key) ?? new Set()).add(String(conversationId)));
  }
  return groups;
}

/** Everybody who is in a conversation with somebody. */
async function companionsOf(members: MemberRepository, userId: string): Promise<string[]> {
  const ownSettings = await members.ofUser(userId);
  const people = await members.peopleOf(ownSettings.map(({ conversationId }) => conversationId));
  return people.filter((id) => id !== userId);
}

/** Whether somebody who may delete messages ranks above another in a group. */
async function isAbove(
  members: MemberRepository,
  { conversation, member }: Membership,
  otherId: string | null,
): Promise<boolean> {
  if (conversation.type !== 'group') return false;
  const role = roleOf(conversation, String(member.userId));
  if (!toPermissions(role).includes('delete_messages') || otherId === null) return false;
  const isMember = (await members.among(conversation._id, [otherId])).length > 0;
  return rankOf(role) < rankOf(isMember ? roleOf(conversation, otherId) : 'member');
}

/** Those of some people with whom somebody shares a conversation or has added as contacts. */
async function namesOf(
  { repositories, users }: Pick<Deps, 'repositories' | 'users'>,
  userId: string,
  ids: readonly string[],
) {
  const request = [...new Set(ids)];
  const [groups, partners, relationships] = await Promise.all([
    groupsOf(repositories.members, [userId, ...request]),
    repositories.conversations.partnersAmong(userId, request),
    users.relations.relationship(userId, request),
  ]);
  const ownSettings = groups.get(userId) ?? new Set();
  const isKnown = (id: string): boolean =>
    id === userId ||
    partners.includes(id) ||
    relationships.get(id)?.hasAdded === true ||
    [...(groups.get(id) ?? [])].some((group) => ownSettings.has(group));
  return { items: await users.listed(request.filter(isKnown)) };
}

/** Builds the conversations of a server. */
export function createConversations(deps: Deps): Conversations {
  const {
    repositories,
    log,
    users,
    contacts,
    lastSeq,
    views,
    counting,
    groupReceipts,
    removals,
    cursors,
    drained,
    bus,
  } = deps;
  const { conversations, members, hidden } = repositories;
  const requireMembership = createRequireMembership({ conversations, members, typeOf: groupReceipts.typeOf, log });
  const list = createListing({ repositories, log, views, counting, cursors });
  const totals = createTotals({ repositories, log, counting });
  const { permissionsOf, requireNotBlocked } = createConversationPermissions(deps);
  const readPositions = createReadPositions({
    repositories,
    log,
    requireMembership,
    counting,
    groupReceipts,
    permissionsOf,
    lastSeq,
    bus,
  });
  const ownSettings = createOwnSettings({ conversations, members, log, requireMembership, readPositions, bus });
  const hiding = createHiding({ repositories, requireMembership, readPositions, bus });

  async function viewFor(userId: string, conversationId: string): Promise<Conversation> {
    const [view] = await views.of(userId, [await requireMembership(userId, conversationId)]);
    if (!view) throw notFound();
    return view;
  }

  publishGroupReceipts({ conversations, members, groupReceipts, bus });
  const opening = createOpening({ repositories, users, viewFor, bus });
  const receipts = createReceipts({ members, requireMembership, relations: users.relations, cursors });

  return {
    requireMembership,
    create: opening.create,
    list: (actor, input) => list(actor.userId, input),
    ...createMembershipReader({ repositories, log }),
    readPositions,
    unread: ({ userId }) => totals(userId),
    async update(actor, conversationId, settings) {
      await ownSettings.update(actor, conversationId, settings);
      return viewFor(actor.userId, conversationId);
    },
    hide: ownSettings.hide,
    receipts: (actor, conversationId, request) => receipts.list(actor.userId, { conversationId, ...request }),
    get: (actor, conversationId) => viewFor(actor.userId, conversationId),
    // Direct conversations have no room: their news go to the rooms of their people.
    groupRoomsOf: async (userId) =>
      (await members.groupsOf([userId])).map(({ conversationId }) => String(conversationId)),
    groupsOf: (userIds) => groupsOf(members, userIds),
    companionsOf: (userId) => companionsOf(members, userId),
    announceListed: opening.announceListed,
    viewFor,
    removals,
    isAbove: (membership, otherId) => isAbove(members, membership, otherId),
    async membersAmong({ conversation }, userIds) {
      if (conversation.type === 'direct') return new Set(conversation.userIds.map(String));
      return new Set((await members.among(conversation._id, userIds)).map(({ userId }) => String(userId)));
    },
    audienceOf: createAudience({ conversations, members, hidden }),
    shownTo: receipts.shownTo,
    permissionsOf,
    requireNotBlocked,
    blocking: createBlocking({ repositories, contacts, readPositions, viewFor, removals, drained, bus }),
    privacy: createReceiptPrivacy({ conversations, members, users, bus }),
    namesOf: ({ userId }, ids) => namesOf(deps, userId, ids),
    raiseUncounted: conversations.raiseUncounted,
    hideMessage: hiding.hide,
    async completePending(before) {
      await opening.completePending(before);
      await hiding.completePending(before);
    },
  };
}
