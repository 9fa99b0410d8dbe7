import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { invalidInput } from '../../kernel/problem.js';
import { firstIdAt } from '../../log/ids.js';
import type { Held } from '../../views/held.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { HiddenRows } from '../conversations/hidden.model.js';
import type { MessageRows } from './messages.model.js';
import type { SearchMessages, SearchResult } from './messages.schemas.js';
import type { Candidate, SearchRows, Term } from './search.model.js';
import { beginBefore, byAge, type Track, walk } from './search-walk.js';
import { isFoundBy, rangesIn, type WordQuery, wordQuery } from './words.js';

interface Deps {
  rows: Pick<MessageRows, 'byIds'>;
  search: SearchRows;
  hidden: Pick<HiddenRows, 'within'>;
  views: MessageViews;
  conversations: Pick<Conversations, 'standingOf' | 'ownOf' | 'withOthers'>;
  cursors: Cursors;
}

/** Finds messages by their words; throws `not_found` for a conversation that the caller is no member of. */
export type Search = (actor: Actor, asked: SearchMessages) => Promise<SearchResult>;

/** Candidates that are complete down to a moment: null is the end. */
interface Found {
  candidates: Candidate[];
  completeFromMs: number | null;
}

/** Up to so many messages with a word are gathered and sorted; of what is in more, the newest are looked for. */
const fewMessages = 1000;
const probes = 3;
const secondMs = 1000;

const wrongCursor = { en: 'This cursor is not one of this search.', fr: 'Ce curseur n’est pas de cette recherche.' };

/** The words that are looked for, those that are likely to be rare first. */
function termsOf({ whole, prefix }: WordQuery): Term[] {
  const terms = [...whole].sort((a, b) => b.length - a.length).map((word) => ({ word, isPrefix: false }));
  return prefix === null ? terms : [...terms, { word: prefix, isPrefix: true }];
}

function trackOf({ conversation, member }: Held): Track {
  return {
    conversationId: conversation._id,
    start: startOf(member),
    below: conversation.seq + 1,
    newestMs: conversation.lastActivityAt.getTime(),
  };
}

const keyOf = (id: { toString(): string }, seq: number): string => `${String(id)} ${seq}`;

/** One search: who asks, where he may look, for what, and where the page begins. */
interface Asked {
  userId: string;
  held: readonly Held[];
  query: WordQuery;
  senderId: string | undefined;
  limit: number;
  /** Only what is older than this id; null for the first page. */
  before: string | null;
}

type IsHit = (candidate: Candidate) => boolean;

/** The messages that somebody has hidden, of all that he could find. */
async function hiddenIn(hidden: Deps['hidden'], { userId, held }: Asked): Promise<Set<string>> {
  const veiled = held.filter(({ member }) => member.lastHiddenSeq > startOf(member));
  const stretches = veiled.map(({ conversation, member }) => ({
    conversationId: conversation._id,
    above: startOf(member),
    upTo: member.lastHiddenSeq,
  }));
  const places = await hidden.within(userId, stretches);
  return new Set(places.map(({ conversationId, seq }) => keyOf(conversationId, seq)));
}

/** Whether a candidate is a hit for this reader: scope first, words last. */
async function judgeFor(hidden: Deps['hidden'], asked: Asked): Promise<IsHit> {
  const { held, query, senderId, before } = asked;
  const starts = new Map(held.map(({ conversation, member }) => [String(conversation._id), startOf(member)]));
  const gone = await hiddenIn(hidden, asked);
  return (one) =>
    one.seq > (starts.get(String(one.conversationId)) ?? Infinity) &&
    !gone.has(keyOf(one.conversationId, one.seq)) &&
    (senderId === undefined || String(one.senderId) === senderId) &&
    (before === null || one._id.toHexString() < before) &&
    isFoundBy(query, one);
}

/** What is in few messages is gathered; of what is in many, the newest are looked for. */
async function find(search: SearchRows, { held, query, limit, before }: Asked, isHit: IsHit): Promise<Found> {
  const terms = termsOf(query);
  const ids = held.map(({ conversation }) => conversation._id);
  for (const term of terms.slice(0, probes)) {
    const all = await search.withTerm(ids, term, fewMessages + 1);
    if (all.length <= fewMessages) return { candidates: all.filter(isHit).sort(byAge), completeFromMs: null };
  }
  const tracks = held.map(trackOf);
  const from = before === null ? tracks : await beginBefore(search, tracks, secondsOf(before));
  const { found, completeFromMs } = await walk(search, from, { term: terms[0] ?? null, isHit, enough: limit + 1 });
  return { candidates: found, completeFromMs };
}

/** Shows a page of hits; what was edited or deleted meanwhile is found no more. */
async function show({ rows, views, conversations }: Deps, page: readonly Candidate[], { userId, held, query }: Asked) {
  const found = new Map((await rows.byIds(page.map(({ _id }) => String(_id)))).map((row) => [String(row._id), row]));
  const present = page.flatMap(({ _id }) => found.get(String(_id)) ?? []).filter((row) => isFoundBy(query, row));
  const shown = new Set(present.map(({ conversationId }) => String(conversationId)));
  const concerned = held.filter(({ conversation }) => shown.has(String(conversation._id)));
  const whole = await conversations.withOthers(userId, concerned);
  const messages = await views.of(present, whole);
  return messages.map((message) => ({ message, ranges: rangesIn(message.text, query) }));
}

/** Where the next page begins; null where there is none. */
function nextOf(page: readonly Candidate[], { candidates, completeFromMs }: Found): string | null {
  const last = page.at(-1);
  if (last && candidates.length > page.length) return String(last._id);
  return completeFromMs === null ? null : String(firstIdAt(new Date(completeFromMs + secondMs)));
}

/** Builds the search of messages. */
export function createSearching(deps: Deps): Search {
  const { search, hidden, conversations, cursors } = deps;
  return async ({ userId }, { q, conversationId, senderId, limit, cursor }) => {
    const name = `search ${JSON.stringify([q, conversationId, senderId])}`;
    const before = cursor === undefined ? null : placeOf(cursors.decode(name, userId, cursor));
    const held = conversationId
      ? [await conversations.standingOf(userId, conversationId)]
      : await conversations.ownOf(userId);
    const query = wordQuery(q);
    if (!query || held.length === 0) return { items: [], nextCursor: null };
    const asked: Asked = { userId, held, query, senderId, limit, before };
    const found = await find(search, asked, await judgeFor(hidden, asked));
    const page = found.candidates.slice(0, limit);
    const next = nextOf(page, found);
    return {
      items: await show(deps, page, asked),
      nextCursor: next === null ? null : cursors.encode(name, userId, next),
    };
  };
}

function secondsOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) * secondMs;
}

function placeOf(position: unknown): string {
  if (typeof position !== 'string') throw invalidInput('query.cursor', wrongCursor);
  return position;
}
