import type { Cursors } from '../../kernel/cursors.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { Membership } from '../../views/membership.js';
import { type Counting, countsIn } from '../../views/counting.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import { startOf } from '../../rules/conversations.js';
import type { ConversationList, ListConversations, UnreadTotals } from '@causerie/contract/conversations';
import type { MemberRow, MemberRepository } from '../../repositories/members/member-repository.js';
import type { PendingSource } from '../../log/overlay.js';

interface Deps {
  repositories: { conversations: ConversationRepository; members: MemberRepository };
  log: Pick<PendingSource, 'flushed'>;
  views: ConversationViews;
  counting: Counting;
  cursors: Cursors;
}

type Listed = Pick<Deps, 'repositories' | 'log'>;
type Position = [pinned: boolean, lastActivityAt: number, id: string];

function positionOf({ conversation, member }: Membership): Position {
  return [member.pinned, conversation.lastActivityAt.getTime(), String(conversation._id)];
}

/** Pinned first, then the latest activity, then the higher id. */
function compare(a: Position, b: Position): number {
  if (a[0] !== b[0]) return a[0] ? -1 : 1;
  return b[1] - a[1] || (a[2] < b[2] ? 1 : -1);
}

type Filter = ListConversations['filter'];

/** What of somebody's conversations a filter leaves. */
async function filtered(
  { counting }: Pick<Deps, 'counting'>,
  userId: string,
  filter: Filter,
  all: Membership[],
): Promise<Membership[]> {
  if (filter === 'all') return all;
  if (filter === 'archived') return all.filter(({ member }) => member.archived);
  const counts = await counting.of(userId, all);
  return all.filter((membership) => membership.member.markedUnread || countsIn(counts, membership).unreadCount > 0);
}

/** The memberships of somebody, when everything that he has been told of is written. */
async function ownMembers({ repositories: { members }, log }: Listed, userId: string): Promise<MemberRow[]> {
  await log.flushed();
  return members.ofUser(userId);
}

/** What of these is in the list of their owner: not an empty conversation that another one has opened. */
async function headed(
  { repositories: { conversations } }: Pick<Deps, 'repositories'>,
  memberRows: readonly MemberRow[],
): Promise<Membership[]> {
  const ids = memberRows.map(({ conversationId }) => conversationId);
  const found = new Map((await conversations.byIds(ids)).map((row) => [String(row._id), row]));
  return memberRows.flatMap((member) => {
    const conversation = found.get(String(member.conversationId));
    if (!conversation || (!member.isListed && conversation.seq <= startOf(member))) return [];
    return [{ conversation, member, other: null }];
  });
}

/** Who else is in the direct ones among these, by conversation. */
async function othersBeside(
  { repositories: { members } }: Pick<Deps, 'repositories'>,
  userId: string,
  memberRows: readonly MemberRow[],
) {
  const directs = memberRows.filter(({ isGroup }) => !isGroup).map(({ conversationId }) => conversationId);
  return new Map((await members.othersIn(directs, userId)).map((row) => [String(row.conversationId), row]));
}

/** What another one shows is at most the head that it is shown with. */
function beside(membership: Membership, others: ReadonlyMap<string, MemberRow>): Membership {
  const row = others.get(String(membership.conversation._id));
  if (!row) return membership;
  const { seq } = membership.conversation;
  const shown = {
    shownReadSeq: Math.min(row.shownReadSeq, seq),
    shownDeliveredSeq: Math.min(row.shownDeliveredSeq, seq),
  };
  return { ...membership, other: { ...row, ...shown } };
}

/** What is in somebody's list, without the others in it; throws `unavailable`. */
async function membershipsOf(deps: Listed, userId: string): Promise<Membership[]> {
  return headed(deps, await ownMembers(deps, userId));
}

/** Adds who else is in direct conversations. */
async function withOthers(
  deps: Pick<Deps, 'repositories'>,
  userId: string,
  memberships: readonly Membership[],
): Promise<Membership[]> {
  const memberRows = memberships.map(({ member }) => member);
  const others = await othersBeside(deps, userId, memberRows);
  return memberships.map((one) => beside(one, others));
}

/** All that is in somebody's list. */
export interface MembershipReader {
  /** Without the others in it; throws `unavailable`. */
  membershipsOf(userId: string): Promise<Membership[]>;
  /** The same with the others, who are read at the same time; throws `unavailable`. */
  membershipsWithOthers(userId: string): Promise<Membership[]>;
  /** Adds the others. */
  withOthers(userId: string, memberships: readonly Membership[]): Promise<Membership[]>;
}

/** Builds the reading of all that is in somebody's list. */
export function createMembershipReader(deps: Listed): MembershipReader {
  return {
    membershipsOf: (userId) => membershipsOf(deps, userId),
    withOthers: (userId, memberships) => withOthers(deps, userId, memberships),
    async membershipsWithOthers(userId) {
      const memberRows = await ownMembers(deps, userId);
      const [memberships, others] = await Promise.all([
        headed(deps, memberRows),
        othersBeside(deps, userId, memberRows),
      ]);
      return memberships.map((one) => beside(one, others));
    },
  };
}

/** Builds the list of conversations: pinned first, then by activity. */
export function createListing(deps: Deps) {
  const { cursors, views } = deps;

  return async (userId: string, { filter, limit, cursor }: ListConversations): Promise<ConversationList> => {
    const name = `conversations ${filter}`;
    const after = cursors.place<Position>(name, userId, cursor, ['boolean', 'number', 'string']);
    const all = (await filtered(deps, userId, filter, await membershipsOf(deps, userId)))
      .sort((a, b) => compare(positionOf(a), positionOf(b)))
      .filter((membership) => after === null || compare(positionOf(membership), after) > 0);
    const shown = await withOthers(deps, userId, all.slice(0, limit));
    const last = all.length > limit ? shown.at(-1) : undefined;
    return {
      items: await views.of(userId, shown),
      nextCursor: last ? cursors.encode(name, userId, positionOf(last)) : null,
    };
  };
}

/** A muted or archived conversation adds to the mentions only. */
function isQuiet({ member }: Membership, now: Date): boolean {
  return member.archived || (member.mutedUntil !== null && member.mutedUntil > now);
}

/** Builds the totals for a badge. */
export function createTotals(deps: Omit<Deps, 'views' | 'cursors'>) {
  return async (userId: string): Promise<UnreadTotals> => {
    const now = new Date();
    const memberships = await membershipsOf(deps, userId);
    const counts = await deps.counting.of(userId, memberships);
    const loud = memberships.filter((one) => !isQuiet(one, now)).map((one) => countsIn(counts, one).unreadCount);
    return {
      conversations: loud.filter((unread) => unread > 0).length,
      messages: loud.reduce((sum, unread) => sum + unread, 0),
      mentions: memberships.reduce((sum, one) => sum + countsIn(counts, one).mentionCount, 0),
    };
  };
}
