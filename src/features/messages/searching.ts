import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { invalidInput } from '../../kernel/problem.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { startOf } from '../../rules/conversations.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MessageRepository } from '../../repositories/messages/message-repository.js';
import type { SearchMessages, SearchResult } from '@causerie/contract/messages';
import type { Candidate, SearchRepository } from '../../repositories/messages/search-repository.js';
import { find, type SearchCandidates, type IsHit, type Looking } from './search-finding.js';
import { isFoundBy, rangesIn, wordQuery } from './words.js';

interface Deps {
  repository: Pick<MessageRepository, 'byIds'>;
  search: SearchRepository;
  hidden: Pick<HiddenRepository, 'within'>;
  views: MessageViews;
  conversations: Pick<Conversations, 'requireMembership' | 'membershipsOf' | 'withOthers'>;
  cursors: Cursors;
}

/** Finds messages by their words; throws `not_found` for a conversation that the caller is no member of. */
export type Search = (actor: Actor, request: SearchMessages) => Promise<SearchResult>;

const wrongCursor = {
  en: 'This cursor does not belong to this search.',
  fr: 'Ce curseur n’appartient pas à cette recherche.',
};

const keyOf = (id: { toString(): string }, seq: number): string => `${String(id)} ${seq}`;

/** One search: who asks, where he may look, for what, and where the page begins. */
interface SearchRequest extends Looking {
  userId: string;
  senderId: string | undefined;
}

/** The messages that somebody has hidden, of all that he could find. */
async function hiddenIn(hidden: Deps['hidden'], { userId, memberships }: SearchRequest): Promise<Set<string>> {
  const withHidden = memberships.filter(({ member }) => member.lastHiddenSeq > startOf(member));
  const stretches = withHidden.map(({ conversation, member }) => ({
    conversationId: conversation._id,
    above: startOf(member),
    upTo: member.lastHiddenSeq,
  }));
  const places = await hidden.within(userId, stretches);
  return new Set(places.map(({ conversationId, seq }) => keyOf(conversationId, seq)));
}

/** Whether a candidate is a hit for this reader: scope first, words last. */
async function filterFor(hidden: Deps['hidden'], request: SearchRequest): Promise<IsHit> {
  const { memberships, query, senderId, before } = request;
  const starts = new Map(memberships.map(({ conversation, member }) => [String(conversation._id), startOf(member)]));
  const hiddenMessages = await hiddenIn(hidden, request);
  return (one) =>
    one.seq > (starts.get(String(one.conversationId)) ?? Infinity) &&
    !hiddenMessages.has(keyOf(one.conversationId, one.seq)) &&
    (senderId === undefined || String(one.senderId) === senderId) &&
    (before === null || one._id.toHexString() < before) &&
    isFoundBy(query, one);
}

/** Shows a page of hits; what was edited or deleted meanwhile is found no more. */
async function show(
  { repository, views, conversations }: Deps,
  page: readonly Candidate[],
  { userId, memberships, query }: SearchRequest,
) {
  const found = new Map(
    (await repository.byIds(page.map(({ _id }) => String(_id)))).map((row) => [String(row._id), row]),
  );
  const present = page.flatMap(({ _id }) => found.get(String(_id)) ?? []).filter((row) => isFoundBy(query, row));
  const shown = new Set(present.map(({ conversationId }) => String(conversationId)));
  const concerned = memberships.filter(({ conversation }) => shown.has(String(conversation._id)));
  const whole = await conversations.withOthers(userId, concerned);
  const messages = await views.of(present, whole);
  return messages.map((message) => ({ message, ranges: rangesIn(message.text, query) }));
}

/** Where the next page begins: before this id; null where there is none. */
function nextOf(page: readonly Candidate[], { candidates, resume }: SearchCandidates): string | null {
  const last = page.at(-1);
  return last && candidates.length > page.length ? String(last._id) : resume;
}

/** Builds the search of messages. */
export function createSearching(deps: Deps): Search {
  const { search, hidden, conversations, cursors } = deps;
  return async ({ userId }, { q, conversationId, senderId, limit, cursor }) => {
    const name = `search ${JSON.stringify([q, conversationId, senderId])}`;
    const before = cursor === undefined ? null : placeOf(cursors.decode(name, userId, cursor));
    const memberships = conversationId
      ? [await conversations.requireMembership(userId, conversationId)]
      : await conversations.membershipsOf(userId);
    const query = wordQuery(q);
    if (!query || memberships.length === 0) return { items: [], nextCursor: null };
    const request: SearchRequest = { userId, memberships, query, senderId, limit, before };
    const found = await find(search, request, await filterFor(hidden, request));
    const page = found.candidates.slice(0, limit);
    const next = nextOf(page, found);
    return {
      items: await show(deps, page, request),
      nextCursor: next === null ? null : cursors.encode(name, userId, next),
    };
  };
}

function placeOf(position: unknown): string {
  if (typeof position !== 'string') throw invalidInput('query.cursor', wrongCursor);
  return position;
}
