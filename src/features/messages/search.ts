import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import { page } from '../../kernel/page.js';
import { invalidInput } from '../../kernel/problem.js';
import { isFoundBy, rangesIn, wordQuery } from '../../kernel/words.js';
import type { MessageViews } from '../../views/message-views.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { startOf } from '../../rules/conversations.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MessageRepository } from '../../repositories/messages/message-repository.js';
import type { SearchMessages, SearchResult } from '@causerie/contract/messages';
import type { Candidate, SearchRepository } from '../../repositories/messages/search-repository.js';
import { findCandidates, type IsHit, type SearchPlan } from './search-plan.js';

interface Deps {
  repository: Pick<MessageRepository, 'byIds'>;
  search: SearchRepository;
  hidden: Pick<HiddenRepository, 'within'>;
  views: MessageViews;
  conversations: Pick<Conversations, 'requireMembership' | 'membershipsOf' | 'withOthers'>;
  cursors: Cursors;
}

/** Finds messages by their words; throws `not_found` for a conversation that the actor is not a member of. */
export type Search = (actor: Actor, request: SearchMessages) => Promise<SearchResult>;

/** One search: the user, the conversations that they may search, the query, and where the page begins. */
interface SearchRequest extends SearchPlan {
  userId: string;
  senderId: string | undefined;
}

const wrongCursor = {
  en: 'This cursor does not belong to this search.',
  fr: 'Ce curseur n’appartient pas à cette recherche.',
};

const keyOf = (conversationId: string, seq: number): string => `${conversationId} ${seq}`;

/** The messages that the user has hidden, among all that the search could find. */
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

/** Decides whether a candidate is a hit for this user: scope first, words last. */
async function filterFor(hidden: Deps['hidden'], request: SearchRequest): Promise<IsHit> {
  const { memberships, query, senderId, before } = request;
  const starts = new Map(memberships.map(({ conversation, member }) => [conversation._id, startOf(member)]));
  const hiddenMessages = await hiddenIn(hidden, request);
  return (one) =>
    one.seq > (starts.get(one.conversationId) ?? Infinity) &&
    !hiddenMessages.has(keyOf(one.conversationId, one.seq)) &&
    (senderId === undefined || String(one.senderId) === senderId) &&
    (before === null || one._id < before) &&
    isFoundBy(query, one);
}

/** Shows a page of hits, without those that were edited or deleted meanwhile and no longer match. */
async function show(
  { repository, views, conversations }: Deps,
  hits: readonly Candidate[],
  { userId, memberships, query }: SearchRequest,
) {
  const rows = await repository.byIds(hits.map(({ _id }) => _id));
  const found = new Map(rows.map((row) => [row._id, row]));
  const present = hits.flatMap(({ _id }) => found.get(_id) ?? []).filter((row) => isFoundBy(query, row));
  const shown = new Set(present.map(({ conversationId }) => conversationId));
  const concerned = memberships.filter(({ conversation }) => shown.has(conversation._id));
  const messages = await views.of(present, await conversations.withOthers(userId, concerned));
  return messages.map((message) => ({ message, ranges: rangesIn(message.text, query) }));
}

function idFrom(position: unknown): string {
  if (typeof position !== 'string') throw invalidInput('query.cursor', wrongCursor);
  return position;
}

export function createSearch(deps: Deps): Search {
  const { search, hidden, conversations, cursors } = deps;
  return async function searchMessages({ userId }, { q, conversationId, senderId, limit, cursor }) {
    const name = `search ${JSON.stringify([q, conversationId, senderId])}`;
    const before = cursor === undefined ? null : idFrom(cursors.decode(name, userId, cursor));
    const memberships = conversationId
      ? [await conversations.requireMembership(userId, conversationId)]
      : await conversations.membershipsOf(userId);
    const query = wordQuery(q);
    if (!query || memberships.length === 0) return { items: [], nextCursor: null };
    const request: SearchRequest = { userId, memberships, query, senderId, limit, before };
    const { candidates, resume } = await findCandidates(search, request, await filterFor(hidden, request));
    const { rows, next: last } = page(candidates, limit, ({ _id }) => _id);
    const next = last ?? resume;
    return {
      items: await show(deps, rows, request),
      nextCursor: next === null ? null : cursors.encode(name, userId, next),
    };
  };
}
