import type { Conversation, ConversationList, ListConversations, UnreadTotals } from '@causerie/contract/conversations';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { page } from '../../kernel/page.js';
import { notFound } from '../../kernel/problem.js';
import type { PendingSource } from '../../log/projections.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import { isInList, isQuiet, isUnread } from '../../rules/conversations.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import { type Counting, countsIn } from '../../views/counting.js';
import type { Membership } from '../../views/membership.js';
import type { Memberships } from './membership.js';

/** The memberships in a user's list. All throw `unavailable`. */
export interface MembershipReader {
  /** The memberships of a user, with `other` null in all of them. */
  membershipsOf(userId: string): Promise<Membership[]>;
  /** The memberships of a user, with the other members of direct conversations read at the same time. */
  membershipsWithOthers(userId: string): Promise<Membership[]>;
  /** Adds the other members of direct conversations. */
  withOthers(userId: string, memberships: readonly Membership[]): Promise<Membership[]>;
}

/** Conversations as a user sees them. */
export interface ConversationReader {
  /** A page of the list: pinned ones first, then by latest activity. Throws `unavailable`. */
  listConversations(actor: Actor, request: ListConversations): Promise<ConversationList>;
  /** The totals for a badge; throws `unavailable`. */
  countUnread(actor: Actor): Promise<UnreadTotals>;
  /** Null if the user is not a member. */
  findView(userId: string, conversationId: string): Promise<Conversation | null>;
  /** Throws `not_found` if the user is not a member. */
  viewFor(userId: string, conversationId: string): Promise<Conversation>;
}

interface ReaderDeps {
  repositories: {
    conversations: Pick<ConversationRepository, 'byIds'>;
    members: Pick<MemberRepository, 'ofUser' | 'othersIn'>;
  };
  log: Pick<PendingSource, 'flushed'>;
}

/** Receipts of the other member are at most the head that they are shown with. */
function withOther(membership: Membership, others: ReadonlyMap<string, MemberRow>): Membership {
  const row = others.get(membership.conversation._id);
  if (!row) return membership;
  const { seq } = membership.conversation;
  const shown = {
    shownReadSeq: Math.min(row.shownReadSeq, seq),
    shownDeliveredSeq: Math.min(row.shownDeliveredSeq, seq),
  };
  return { ...membership, other: { ...row, ...shown } };
}

export function createMembershipReader({ repositories, log }: ReaderDeps): MembershipReader {
  const { conversations, members } = repositories;

  /** The rows of a user, after everything acknowledged to them is written. */
  async function memberRowsOf(userId: string): Promise<MemberRow[]> {
    await log.flushed();
    return members.ofUser(userId);
  }

  /** Leaves out conversations that are not in the list, such as an empty one that another user opened. */
  async function listed(memberRows: readonly MemberRow[]): Promise<Membership[]> {
    const ids = memberRows.map(({ conversationId }) => conversationId);
    const found = new Map((await conversations.byIds(ids)).map((row) => [row._id, row]));
    return memberRows.flatMap((member) => {
      const conversation = found.get(member.conversationId);
      const { isListed, joinedSeq, clearedSeq } = member;
      if (!conversation || !isInList({ isListed, joinedSeq, clearedSeq, seq: conversation.seq })) return [];
      return [{ conversation, member, other: null }];
    });
  }

  /** The other members of direct conversations, by conversation. */
  async function othersBeside(userId: string, memberRows: readonly MemberRow[]): Promise<Map<string, MemberRow>> {
    const directs = memberRows.filter(({ isGroup }) => !isGroup).map(({ conversationId }) => conversationId);
    return new Map((await members.othersIn(directs, userId)).map((row) => [row.conversationId, row]));
  }

  return {
    membershipsOf: async (userId) => listed(await memberRowsOf(userId)),
    async membershipsWithOthers(userId) {
      const memberRows = await memberRowsOf(userId);
      const [memberships, others] = await Promise.all([listed(memberRows), othersBeside(userId, memberRows)]);
      return memberships.map((one) => withOther(one, others));
    },
    async withOthers(userId, memberships) {
      const memberRows = memberships.map(({ member }) => member);
      const others = await othersBeside(userId, memberRows);
      return memberships.map((one) => withOther(one, others));
    },
  };
}

type Position = [pinned: boolean, lastActivityAt: number, id: string];

function positionOf({ conversation, member }: Membership): Position {
  return [member.pinned, conversation.lastActivityAt.getTime(), conversation._id];
}

/** Pinned ones first, then the latest activity, then the higher id. */
function compare(a: Position, b: Position): number {
  if (a[0] !== b[0]) return a[0] ? -1 : 1;
  return b[1] - a[1] || (a[2] < b[2] ? 1 : -1);
}

interface Deps {
  memberships: Pick<MembershipReader, 'membershipsOf' | 'withOthers'>;
  findMembership: Memberships['findMembership'];
  views: ConversationViews;
  counting: Pick<Counting, 'of'>;
  cursors: Cursors;
}

async function filtered(
  counting: Deps['counting'],
  userId: string,
  filter: ListConversations['filter'],
  all: Membership[],
): Promise<Membership[]> {
  if (filter === 'all') return all;
  if (filter === 'archived') return all.filter(({ member }) => member.archived);
  const counts = await counting.of(userId, all);
  return all.filter((one) =>
    isUnread({ markedUnread: one.member.markedUnread, unreadCount: countsIn(counts, one).unreadCount }),
  );
}

export function createConversationReader(deps: Deps): ConversationReader {
  const { memberships, findMembership, views, counting, cursors } = deps;

  async function findView(userId: string, conversationId: string): Promise<Conversation | null> {
    const membership = await findMembership(userId, conversationId);
    const [view] = membership ? await views.of(userId, [membership]) : [];
    return view ?? null;
  }

  return {
    findView,
    async viewFor(userId, conversationId) {
      const view = await findView(userId, conversationId);
      if (!view) throw notFound();
      return view;
    },
    async listConversations({ userId }, { filter, limit, cursor }) {
      const name = `conversations ${filter}`;
      const after = cursors.place<Position>(name, userId, cursor, ['boolean', 'number', 'string']);
      const all = (await filtered(counting, userId, filter, await memberships.membershipsOf(userId)))
        .sort((a, b) => compare(positionOf(a), positionOf(b)))
        .filter((membership) => after === null || compare(positionOf(membership), after) > 0);
      const { rows, next } = page(all, limit, positionOf);
      return {
        items: await views.of(userId, await memberships.withOthers(userId, rows)),
        nextCursor: next === null ? null : cursors.encode(name, userId, next),
      };
    },
    async countUnread({ userId }) {
      const now = new Date();
      const all = await memberships.membershipsOf(userId);
      const counts = await counting.of(userId, all);
      const loud = all
        .filter(({ member: { archived, mutedUntil } }) => !isQuiet({ archived, mutedUntil, now }))
        .map((one) => countsIn(counts, one).unreadCount);
      return {
        conversations: loud.filter((unread) => unread > 0).length,
        messages: loud.reduce((sum, unread) => sum + unread, 0),
        mentions: all.reduce((sum, one) => sum + countsIn(counts, one).mentionCount, 0),
      };
    },
  };
}
