import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { invalidInput } from '../../kernel/problem.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { startOf } from '../conversations/conversations.policy.js';
import type { HiddenRows } from '../conversations/hidden.model.js';
import type { MessageRows } from './messages.model.js';
import type { SearchMessages, SearchResult } from './messages.schemas.js';
import type { Candidate, SearchRows } from './search.model.js';
import { find, type Found, type IsHit, type Looking } from './search-finding.js';
import { isFoundBy, rangesIn, wordQuery } from './words.js';

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

const wrongCursor = { en: 'This cursor is not one of this search.', fr: 'Ce curseur n’est pas de cette recherche.' };

const keyOf = (id: { toString(): string }, seq: number): string => `${String(id)} ${seq}`;

/** One search: who asks, where he may look, for what, and where the page begins. */
interface Asked extends Looking {
  userId: string;
  senderId: string | undefined;
}

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

/** Where the next page begins: before this id; null where there is none. */
function nextOf(page: readonly Candidate[], { candidates, resume }: Found): string | null {
  const last = page.at(-1);
  return last && candidates.length > page.length ? String(last._id) : resume;
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

function placeOf(position: unknown): string {
  if (typeof position !== 'string') throw invalidInput('query.cursor', wrongCursor);
  return position;
}
