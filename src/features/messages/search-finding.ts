/** Finding the newest messages with some words: by the index where it has them in the order of time, else on foot. */
import { firstIdAt } from '../../log/ids.js';
import type { Held } from '../../views/held.js';
import { startOf } from '../conversations/conversations.policy.js';
import { byAge, type Candidate, type SearchRows, type Term } from './search.model.js';
import { beginBefore, budget, type Track, walk } from './search-walk.js';
import type { WordQuery } from './words.js';

export type IsHit = (candidate: Candidate) => boolean;

/** Where is looked, for what, and where the page begins. */
export interface Looking {
  held: readonly Held[];
  query: WordQuery;
  limit: number;
  /** Only what is older than this id; null for the first page. */
  before: string | null;
}

/** Hits, newest first, and the id down to which they are complete: null at the end. */
export interface Found {
  candidates: Candidate[];
  resume: string | null;
}

/** Up to so many messages with a word are gathered and sorted. */
const fewMessages = 1000;
const probes = 3;
const largestPage = 1000;
const secondMs = 1000;

/** A word whose messages the index gives in the order of time, and the few with longer words that begin with it. */
interface Ordered {
  word: string;
  longer: readonly Candidate[];
}

/** The words that are looked for, those that are likely to be rare first. */
function termsOf({ whole, prefix }: WordQuery): Term[] {
  const terms = [...whole].sort((a, b) => b.length - a.length).map((word) => ({ word, isPrefix: false }));
  return prefix === null ? terms : [...terms, { word: prefix, isPrefix: true }];
}

/** Each once: a message may hold a word and a longer one. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  return [...new Map(candidates.map((one) => [String(one._id), one])).values()];
}

function trackOf({ conversation, member }: Held): Track {
  return {
    conversationId: conversation._id,
    start: startOf(member),
    below: conversation.seq + 1,
    newestMs: conversation.lastActivityAt.getTime(),
  };
}

const placesOf = ({ held }: Looking) => held.map(({ conversation }) => conversation._id);

/** Goes down the messages with a word until there is enough, the end is reached, or the budget is spent. */
async function goDown(rows: SearchRows, looking: Looking, { word, longer }: Ordered, isHit: IsHit): Promise<Found> {
  const found: Candidate[] = [];
  const enough = looking.limit + 1;
  let { before } = looking;
  let spent = 0;
  let resume: string | null = null;
  for (let size = enough; ; size = Math.min(2 * size, largestPage)) {
    const some = await rows.newestWith(placesOf(looking), word, { before, limit: size });
    found.push(...some.filter(isHit));
    spent += some.length;
    const last = some.at(-1);
    resume = last && some.length === size ? String(last._id) : null;
    if (resume === null || found.length >= enough || spent >= budget) break;
    before = resume;
  }
  const isCovered = ({ _id }: Candidate): boolean => resume === null || String(_id) >= resume;
  const candidates = distinct([...found, ...longer.filter(isHit).filter(isCovered)]).sort(byAge);
  return { candidates, resume };
}

/** Looks through conversations from their newest messages on. */
async function onFoot(rows: SearchRows, { held, limit, before }: Looking, term: Term | null, isHit: IsHit) {
  const tracks = held.map(trackOf);
  const from =
    before === null ? tracks : await beginBefore(rows, tracks, Number.parseInt(before.slice(0, 8), 16) * secondMs);
  const { found, completeFromMs } = await walk(rows, from, { term, isHit, enough: limit + 1 });
  const resume = completeFromMs === null ? null : String(firstIdAt(new Date(completeFromMs + secondMs)));
  return { candidates: found, resume };
}

/**
 * What is in few messages is gathered. Of a word that is in many the index gives the newest; of a beginning that many
 * words have it does not.
 */
export async function find(rows: SearchRows, looking: Looking, isHit: IsHit): Promise<Found> {
  const terms = termsOf(looking.query);
  const places = placesOf(looking);
  const ordered: Ordered[] = [];
  for (const { word, isPrefix } of terms.slice(0, probes)) {
    const longer = isPrefix ? await rows.withLonger(places, word, fewMessages + 1) : [];
    if (longer.length > fewMessages) continue;
    ordered.push({ word, longer });
    // A single word needs no other way than down its messages, however many there are.
    if (terms.length === 1) break;
    const all = await rows.withWord(places, word, fewMessages + 1);
    if (all.length <= fewMessages)
      return {
        candidates: distinct([...all, ...longer])
          .filter(isHit)
          .sort(byAge),
        resume: null,
      };
  }
  const [first] = ordered;
  return first ? goDown(rows, looking, first, isHit) : onFoot(rows, looking, terms[0] ?? null, isHit);
}
