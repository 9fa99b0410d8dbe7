import type { Cursors } from '../../kernel/cursors.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { Held } from '../../views/held.js';
import { type Counting, countsIn } from '../../views/counting.js';
import type { ConversationRows } from './conversations.model.js';
import { startOf } from './conversations.policy.js';
import type { ConversationList, ListConversations, UnreadTotals } from './conversations.schemas.js';
import type { MemberRow, MemberRows } from './members.model.js';
import type { Known } from './standing.js';

interface Deps {
  rows: { conversations: ConversationRows; members: MemberRows };
  log: Pick<Known, 'flushed'>;
  views: ConversationViews;
  counting: Counting;
  cursors: Cursors;
}

type Listed = Pick<Deps, 'rows' | 'log'>;
type Position = [pinned: boolean, lastActivityAt: number, id: string];

function positionOf({ conversation, member }: Held): Position {
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
  all: Held[],
): Promise<Held[]> {
  if (filter === 'all') return all;
  if (filter === 'archived') return all.filter(({ member }) => member.archived);
  const counts = await counting.of(userId, all);
  return all.filter((held) => held.member.markedUnread || countsIn(counts, held).unreadCount > 0);
}

/** The memberships of somebody, when everything that he has been told of is written. */
async function ownMembers({ rows: { members }, log }: Listed, userId: string): Promise<MemberRow[]> {
  await log.flushed();
  return members.ofUser(userId);
}

/** What of these is in the list of their owner: not an empty conversation that another one has opened. */
async function headed({ rows: { conversations } }: Pick<Deps, 'rows'>, own: readonly MemberRow[]): Promise<Held[]> {
  const ids = own.map(({ conversationId }) => conversationId);
  const found = new Map((await conversations.byIds(ids)).map((row) => [String(row._id), row]));
  return own.flatMap((member) => {
    const conversation = found.get(String(member.conversationId));
    if (!conversation || (!member.isListed && conversation.seq <= startOf(member))) return [];
    return [{ conversation, member, other: null }];
  });
}

/** Who else is in the direct ones among these, by conversation. */
async function othersBeside({ rows: { members } }: Pick<Deps, 'rows'>, userId: string, own: readonly MemberRow[]) {
  const directs = own.filter(({ isGroup }) => !isGroup).map(({ conversationId }) => conversationId);
  return new Map((await members.othersIn(directs, userId)).map((row) => [String(row.conversationId), row]));
}

/** What another one shows is at most the head that it is shown with. */
function beside(held: Held, others: ReadonlyMap<string, MemberRow>): Held {
  const row = others.get(String(held.conversation._id));
  if (!row) return held;
  const { seq } = held.conversation;
  const shown = {
    shownReadSeq: Math.min(row.shownReadSeq, seq),
    shownDeliveredSeq: Math.min(row.shownDeliveredSeq, seq),
  };
  return { ...held, other: { ...row, ...shown } };
}

/** What is in somebody's list, without the others in it; throws `unavailable`. */
async function ownBy(deps: Listed, userId: string): Promise<Held[]> {
  return headed(deps, await ownMembers(deps, userId));
}

/** Adds who else is in direct conversations. */
async function withOthers(deps: Pick<Deps, 'rows'>, userId: string, held: readonly Held[]): Promise<Held[]> {
  const own = held.map(({ member }) => member);
  const others = await othersBeside(deps, userId, own);
  return held.map((one) => beside(one, others));
}

/** All that is in somebody's list. */
export interface OwnReading {
  /** Without the others in it; throws `unavailable`. */
  ownOf(userId: string): Promise<Held[]>;
  /** The same with the others, who are read at the same time; throws `unavailable`. */
  ownWithOthers(userId: string): Promise<Held[]>;
  /** Adds the others. */
  withOthers(userId: string, held: readonly Held[]): Promise<Held[]>;
}

/** Builds the reading of all that is in somebody's list. */
export function createOwnReading(deps: Listed): OwnReading {
  return {
    ownOf: (userId) => ownBy(deps, userId),
    withOthers: (userId, held) => withOthers(deps, userId, held),
    async ownWithOthers(userId) {
      const own = await ownMembers(deps, userId);
      const [held, others] = await Promise.all([headed(deps, own), othersBeside(deps, userId, own)]);
      return held.map((one) => beside(one, others));
    },
  };
}

/** Builds the list of conversations: pinned first, then by activity. */
export function createListing(deps: Deps) {
  const { cursors, views } = deps;

  return async (userId: string, { filter, limit, cursor }: ListConversations): Promise<ConversationList> => {
    const name = `conversations ${filter}`;
    const after = cursors.place<Position>(name, userId, cursor, ['boolean', 'number', 'string']);
    const all = (await filtered(deps, userId, filter, await ownBy(deps, userId)))
      .sort((a, b) => compare(positionOf(a), positionOf(b)))
      .filter((held) => after === null || compare(positionOf(held), after) > 0);
    const shown = await withOthers(deps, userId, all.slice(0, limit));
    const last = all.length > limit ? shown.at(-1) : undefined;
    return {
      items: await views.of(userId, shown),
      nextCursor: last ? cursors.encode(name, userId, positionOf(last)) : null,
    };
  };
}

/** A muted or archived conversation adds to the mentions only. */
function isQuiet({ member }: Held, now: Date): boolean {
  return member.archived || (member.mutedUntil !== null && member.mutedUntil > now);
}

/** Builds the totals for a badge. */
export function createTotals(deps: Omit<Deps, 'views' | 'cursors'>) {
  return async (userId: string): Promise<UnreadTotals> => {
    const now = new Date();
    const held = await ownBy(deps, userId);
    const counts = await deps.counting.of(userId, held);
    const loud = held.filter((one) => !isQuiet(one, now)).map((one) => countsIn(counts, one).unreadCount);
    return {
      conversations: loud.filter((unread) => unread > 0).length,
      messages: loud.reduce((sum, unread) => sum + unread, 0),
      mentions: held.reduce((sum, one) => sum + countsIn(counts, one).mentionCount, 0),
    };
  };
}
