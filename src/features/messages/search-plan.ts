/**
 * Finds the newest messages with some words. If one of several words is in few messages, all of those are read. Otherwise
 * the index delivers the messages with a word in the order of time, from the newest down. The beginning of a word that
 * very many words share has no such order in the index; then conversations are scanned from their newest message.
 */
import { firstIdAt, timeOf } from '../../repositories/ids.js';
import type { WordQuery } from '../../kernel/words.js';
import type { Membership } from '../../views/membership.js';
import { startOf } from '../../rules/conversations.js';
import {
  byAge,
  type Candidate,
  type SearchRepository,
  type Slice,
  type Term,
} from '../../repositories/messages/search-repository.js';

export type IsHit = (candidate: Candidate) => boolean;

/** Where a search looks, for what, and where the page begins. */
export interface SearchPlan {
  memberships: readonly Membership[];
  query: WordQuery;
  limit: number;
  /** Only messages with smaller ids; null for the first page. */
  before: string | null;
}

/** Hits, newest first, and the id down to which they are complete: null if nothing is left. */
export interface SearchCandidates {
  candidates: Candidate[];
  resume: string | null;
}

/** What a scan still has to read of a conversation: what lies above `start` and below `below`. */
interface Track {
  conversationId: Candidate['conversationId'];
  start: number;
  below: number;
  /** No message below `below` is newer than this: milliseconds since the epoch. */
  newestMs: number;
  /** How many messages the next slice holds. */
  slice: number;
}

/** If at most this many messages contain a word, all of them are read and sorted. */
const fewMessages = 1000;
/** How many words are tried to find a rare one. */
const probes = 3;
const maxPageSize = 1000;
const secondMs = 1000;
const tracksAtOnce = 40;
const firstSlice = 8;
const maxSlice = 256;
/** The maximum number of messages scanned for one page; the next page continues there. */
const budget = 20_000;

/** The words of a query, those that are likely to be rare first. */
function termsOf({ whole, prefix }: WordQuery): Term[] {
  const terms = [...whole].sort((a, b) => b.length - a.length).map((word) => ({ word, isPrefix: false }));
  return prefix === null ? terms : [...terms, { word: prefix, isPrefix: true }];
}

const conversationsOf = ({ memberships }: SearchPlan) => memberships.map(({ conversation }) => conversation._id);

const sentAt = ({ _id }: Pick<Candidate, '_id'>): number => timeOf(_id).getTime();

/** All messages with the first word that is in few messages; null if each is in many. */
async function readAll(
  repository: SearchRepository,
  plan: SearchPlan,
  terms: readonly Term[],
): Promise<Candidate[] | null> {
  for (const term of terms) {
    const stretch = { from: null, before: null, limit: fewMessages + 1 };
    const all = await repository.within(conversationsOf(plan), term, stretch);
    if (all.length <= fewMessages) return all;
  }
  return null;
}

/**
 * Reads the messages with a word from the newest down, until there are enough hits, nothing is left, or the budget is
 * spent. Longer words that begin with it are looked for in each stretch between two pages; null if those are too many.
 */
async function readDown(
  repository: SearchRepository,
  plan: SearchPlan,
  term: Term,
  isHit: IsHit,
): Promise<SearchCandidates | null> {
  const candidates: Candidate[] = [];
  const enough = plan.limit + 1;
  let { before } = plan;
  let spent = 0;
  for (let size = enough; ; size = Math.min(2 * size, maxPageSize)) {
    const some = await repository.newestWith(conversationsOf(plan), term.word, { before, limit: size });
    const resume = some.length < size ? null : String(some.at(-1)?._id);
    const stretch = { from: resume, before, limit: fewMessages + size };
    const all = term.isPrefix ? await repository.within(conversationsOf(plan), term, stretch) : some;
    if (all.length >= stretch.limit) return null;
    candidates.push(...all.filter(isHit).sort(byAge));
    spent += all.length;
    if (resume === null || candidates.length >= enough || spent >= budget) return { candidates, resume };
    before = resume;
  }
}

function trackOf({ conversation, member }: Membership): Track {
  return {
    conversationId: conversation._id,
    start: startOf(member),
    below: conversation.seq + 1,
    newestMs: conversation.lastActivityAt.getTime(),
    slice: firstSlice,
  };
}

/** Moves tracks down past everything newer than a moment, by halving: a later page does not scan from the top again. */
async function skipNewer(repository: SearchRepository, tracks: readonly Track[], ms: number): Promise<Track[]> {
  const bounds = tracks.map((track) => ({ track, low: track.start, high: track.below }));
  const newer = bounds.filter(({ track }) => track.newestMs > ms);
  for (let open = newer; open.length > 0; open = open.filter(({ low, high }) => high - low > 1)) {
    const middles = open.map(({ track: { conversationId }, low, high }) => ({
      conversationId,
      seq: Math.floor((low + high) / 2),
    }));
    const times = new Map((await repository.idsAt(middles)).map((one) => [one.conversationId, sentAt(one)]));
    for (const [place, bound] of open.entries()) {
      const middle = middles[place];
      if (!middle) continue;
      if ((times.get(middle.conversationId) ?? 0) > ms) bound.high = middle.seq;
      else bound.low = middle.seq;
    }
  }
  return bounds.map(({ track, high }) => ({ ...track, below: high, newestMs: Math.min(track.newestMs, ms) }));
}

/** Moves tracks down past the slices that were read. */
async function advance(
  repository: SearchRepository,
  tracks: readonly Track[],
  slices: readonly Slice[],
): Promise<void> {
  const borders = await repository.idsAt(slices.map(({ conversationId, above }) => ({ conversationId, seq: above })));
  const times = new Map(borders.map((border) => [border.conversationId, sentAt(border)]));
  for (const [place, track] of tracks.entries()) {
    track.below = (slices[place]?.above ?? track.start) + 1;
    track.newestMs = times.get(track.conversationId) ?? track.newestMs;
    track.slice = Math.min(maxSlice, track.slice * 2);
  }
}

/**
 * Scans conversations from their newest messages until there are enough hits, nothing is left, or the budget is spent.
 * Ids carry whole seconds, so a hit counts once it is of a later second than everything that is not scanned.
 */
async function scan(
  repository: SearchRepository,
  { memberships, limit, before }: SearchPlan,
  term: Term | null,
  isHit: IsHit,
): Promise<SearchCandidates> {
  const all = memberships.map(trackOf);
  const beforeMs = before === null ? null : Number.parseInt(before.slice(0, 8), 16) * secondMs;
  const tracks = beforeMs === null ? all : await skipNewer(repository, all, beforeMs);
  const found: Candidate[] = [];
  let spent = 0;
  for (;;) {
    const open = tracks.filter(({ start, below }) => below > start + 1).sort((a, b) => b.newestMs - a.newestMs);
    const borderMs = open[0]?.newestMs ?? null;
    if (borderMs === null) return { candidates: found.sort(byAge), resume: null };
    const sure = found.filter((one) => sentAt(one) > borderMs);
    if (sure.length > limit || spent >= budget)
      return { candidates: sure.sort(byAge), resume: firstIdAt(new Date(borderMs + secondMs)) };
    const some = open.slice(0, tracksAtOnce);
    const slices = some.map(({ conversationId, start, below, slice }) => ({
      conversationId,
      above: Math.max(start, below - 1 - slice),
      below,
    }));
    found.push(...(await repository.inSlices(slices, term)).filter(isHit));
    spent += slices.reduce((sum, { above, below }) => sum + below - above - 1, 0);
    await advance(repository, some, slices);
  }
}

/** Finds at least `limit + 1` hits, if there are that many and the budget allows it. */
export async function findCandidates(
  repository: SearchRepository,
  plan: SearchPlan,
  isHit: IsHit,
): Promise<SearchCandidates> {
  const terms = termsOf(plan.query);
  const [first] = terms;
  // A single word is read from the newest down, however many messages have it.
  const all = terms.length > 1 ? await readAll(repository, plan, terms.slice(0, probes)) : null;
  if (all) return { candidates: all.filter(isHit).sort(byAge), resume: null };
  const found = first ? await readDown(repository, plan, first, isHit) : null;
  return found ?? scan(repository, plan, first ?? null, isHit);
}
