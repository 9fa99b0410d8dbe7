/** Finding the newest messages with some words: by the index where it has them in the order of time, else on foot. */
import { firstIdAt } from '../../repositories/ids.js';
import type { Membership } from '../../views/membership.js';
import { startOf } from '../../rules/conversations.js';
import {
  byAge,
  type Candidate,
  type SearchRepository,
  type Term,
} from '../../repositories/messages/search-repository.js';
import { beginBefore, budget, type Track, walk } from './search-walk.js';
import type { WordQuery } from './words.js';

export type IsHit = (candidate: Candidate) => boolean;

/** Where is looked, for what, and where the page begins. */
export interface Looking {
  memberships: readonly Membership[];
  query: WordQuery;
  limit: number;
  /** Only what is older than this id; null for the first page. */
  before: string | null;
}

/** Hits, newest first, and the id down to which they are complete: null at the end. */
export interface SearchCandidates {
  candidates: Candidate[];
  resume: string | null;
}

/** Up to so many messages with a word are gathered and sorted. */
const fewMessages = 1000;
const probes = 3;
const maxPageSize = 1000;
const secondMs = 1000;

/** The words that are looked for, those that are likely to be rare first. */
function termsOf({ whole, prefix }: WordQuery): Term[] {
  const terms = [...whole].sort((a, b) => b.length - a.length).map((word) => ({ word, isPrefix: false }));
  return prefix === null ? terms : [...terms, { word: prefix, isPrefix: true }];
}

function trackOf({ conversation, member }: Membership): Track {
  return {
    conversationId: conversation._id,
    start: startOf(member),
    below: conversation.seq + 1,
    newestMs: conversation.lastActivityAt.getTime(),
  };
}

const placesOf = ({ memberships }: Looking) => memberships.map(({ conversation }) => conversation._id);

/**
 * Goes down the messages with a word until there is enough, the end is reached, or the budget is spent. What has a longer
 * word that begins with it is looked for in each stretch between two pages; null where that is too much.
 */
async function goDown(
  repository: SearchRepository,
  looking: Looking,
  term: Term,
  isHit: IsHit,
): Promise<SearchCandidates | null> {
  const candidates: Candidate[] = [];
  const enough = looking.limit + 1;
  let { before } = looking;
  let spent = 0;
  for (let size = enough; ; size = Math.min(2 * size, maxPageSize)) {
    const some = await repository.newestWith(placesOf(looking), term.word, { before, limit: size });
    const resume = some.length < size ? null : String(some.at(-1)?._id);
    const stretch = { from: resume, before, limit: fewMessages + size };
    const all = term.isPrefix ? await repository.within(placesOf(looking), term, stretch) : some;
    if (all.length >= stretch.limit) return null;
    candidates.push(...all.filter(isHit).sort(byAge));
    spent += all.length;
    if (resume === null || candidates.length >= enough || spent >= budget) return { candidates, resume };
    before = resume;
  }
}

/** Looks through conversations from their newest messages on. */
async function onFoot(
  repository: SearchRepository,
  { memberships, limit, before }: Looking,
  term: Term | null,
  isHit: IsHit,
) {
  const tracks = memberships.map(trackOf);
  const from =
    before === null
      ? tracks
      : await beginBefore(repository, tracks, Number.parseInt(before.slice(0, 8), 16) * secondMs);
  const { found, completeFromMs } = await walk(repository, from, { term, isHit, enough: limit + 1 });
  const resume = completeFromMs === null ? null : String(firstIdAt(new Date(completeFromMs + secondMs)));
  return { candidates: found, resume };
}

/** Of several words, the first that is in few messages: all of them; null where each is in many. */
async function gather(
  repository: SearchRepository,
  looking: Looking,
  terms: readonly Term[],
): Promise<Candidate[] | null> {
  for (const term of terms) {
    const all = await repository.within(placesOf(looking), term, { from: null, before: null, limit: fewMessages + 1 });
    if (all.length <= fewMessages) return all;
  }
  return null;
}

/**
 * Of several words, what is in few messages is gathered. Else the index gives the newest messages with a word; of the
 * beginning of very many words it does not.
 */
export async function find(repository: SearchRepository, looking: Looking, isHit: IsHit): Promise<SearchCandidates> {
  const terms = termsOf(looking.query);
  const [first] = terms;
  // A single word needs no other way than down its messages, however many there are.
  const all = terms.length > 1 ? await gather(repository, looking, terms.slice(0, probes)) : null;
  if (all) return { candidates: all.filter(isHit).sort(byAge), resume: null };
  const found = first ? await goDown(repository, looking, first, isHit) : null;
  return found ?? onFoot(repository, looking, first ?? null, isHit);
}
