/** Looks through conversations from the newest message on, for words that have no order of their own. */
import {
  byAge,
  type Candidate,
  type SearchRepository,
  type Slice,
  type Term,
} from '../../repositories/messages/search-repository.js';
import type { MessageRow } from '../../repositories/messages/message-repository.js';

/** A conversation to be looked through: what lies above `start` and below `below`. */
export interface Track {
  conversationId: MessageRow['conversationId'];
  start: number;
  below: number;
  /** No message below `below` is newer than this: milliseconds since the epoch. */
  newestMs: number;
}

/** What a walk has found, newest first, and the moment up to which it is complete: null when it has reached the end. */
export interface Walked {
  found: Candidate[];
  completeFromMs: number | null;
}

interface WalkRequest {
  /** A word that every hit has; null where there is none. */
  term: Term | null;
  /** What else a hit has to be. */
  isHit: (candidate: Candidate) => boolean;
  enough: number;
}

const tracksAtOnce = 40;
const firstSlice = 8;
const maxSlice = 256;
/** So many messages are looked through for one page at most; the next page goes on from there. */
export const budget = 20_000;

export const timeOf = ({ _id }: Pick<Candidate, '_id'>): number => _id.getTimestamp().getTime();

interface Walking extends Track {
  slice: number;
}

const isOpen = ({ start, below }: Track): boolean => below > start + 1;

/** The stretch of a track that is looked through next. */
function nextSlice({ conversationId, start, below, slice }: Walking): Slice {
  return { conversationId, above: Math.max(start, below - 1 - slice), below };
}

/** Moves tracks behind what was looked through. */
async function advance(
  repository: SearchRepository,
  tracks: readonly Walking[],
  slices: readonly Slice[],
): Promise<void> {
  const borders = await repository.idsAt(slices.map(({ conversationId, above }) => ({ conversationId, seq: above })));
  const times = new Map(borders.map((border) => [String(border.conversationId), timeOf(border)]));
  for (const [place, track] of tracks.entries()) {
    track.below = (slices[place]?.above ?? track.start) + 1;
    track.newestMs = times.get(String(track.conversationId)) ?? track.newestMs;
    track.slice = Math.min(maxSlice, track.slice * 2);
  }
}

/**
 * Walks until there is enough, the end is reached, or the budget is spent. Times of ids are whole seconds, so what is
 * found counts when it is of a later second than everything that has not been looked through.
 */
export async function walk(
  repository: SearchRepository,
  from: readonly Track[],
  request: WalkRequest,
): Promise<Walked> {
  const tracks: Walking[] = from.map((track) => ({ ...track, slice: firstSlice }));
  const found: Candidate[] = [];
  let spent = 0;
  for (;;) {
    const open = tracks.filter(isOpen).sort((a, b) => b.newestMs - a.newestMs);
    const borderMs = open[0]?.newestMs ?? null;
    const sure = borderMs === null ? found : found.filter((one) => timeOf(one) > borderMs);
    if (borderMs === null || sure.length >= request.enough || spent >= budget)
      return { found: sure.sort(byAge), completeFromMs: borderMs };
    const some = open.slice(0, tracksAtOnce);
    const slices = some.map(nextSlice);
    found.push(...(await repository.inSlices(slices, request.term)).filter(request.isHit));
    spent += slices.reduce((sum, { above, below }) => sum + below - above - 1, 0);
    await advance(repository, some, slices);
  }
}

/** Moves tracks down to what is not newer than a moment, by halving: a later page does not walk from the top again. */
export async function beginBefore(
  repository: SearchRepository,
  tracks: readonly Track[],
  ms: number,
): Promise<Track[]> {
  const bounds = tracks.map((track) => ({ track, low: track.start, high: track.below }));
  const newer = bounds.filter(({ track }) => track.newestMs > ms);
  for (let open = newer; open.length > 0; open = open.filter(({ low, high }) => high - low > 1)) {
    const middles = open.map(({ track: { conversationId }, low, high }) => ({
      conversationId,
      seq: Math.floor((low + high) / 2),
    }));
    const ids = new Map((await repository.idsAt(middles)).map((one) => [String(one.conversationId), timeOf(one)]));
    for (const [place, bound] of open.entries()) {
      const middle = middles[place];
      if (!middle) continue;
      if ((ids.get(String(middle.conversationId)) ?? 0) > ms) bound.high = middle.seq;
      else bound.low = middle.seq;
    }
  }
  return bounds.map(({ track, high }) => ({ ...track, below: high, newestMs: Math.min(track.newestMs, ms) }));
}
