/** The queries of search on messages; each is served by an index and bounded. */
import { toId, toIds, toRow } from '../ids.js';
import { type Connection } from 'mongoose';
import type { Place } from '../hidden/hidden-repository.js';
import { type MessageRow, messagesOf } from './message-row.js';

/** A message that may be a hit: the fields that decide it, before the whole message is read. */
export type Candidate = Pick<MessageRow, '_id' | 'conversationId' | 'seq' | 'senderId' | 'text' | 'words'>;

/** Sorts newest first: by the ids, which carry the time of sending. */
export function byAge(a: Pick<Candidate, '_id'>, b: Pick<Candidate, '_id'>): number {
  return b._id < a._id ? -1 : 1;
}

/** Part of a conversation to be scanned: above one seq, below another. */
export interface Slice {
  conversationId: string;
  above: number;
  below: number;
}

/** One word of a query: a whole word, or the beginning of one. */
export interface Term {
  word: string;
  isPrefix: boolean;
}

export interface SearchRepository {
  /** The messages with a word in some conversations, in no order: from the id `from` on, below the id `before`. */
  within(
    conversationIds: readonly string[],
    term: Term,
    stretch: { from: string | null; before: string | null; limit: number },
  ): Promise<Candidate[]>;
  /** The newest messages with a whole word, below the id `before`; newest first. */
  newestWith(
    conversationIds: readonly string[],
    word: string,
    page: { before: string | null; limit: number },
  ): Promise<Candidate[]>;
  /** The messages with a word in some slices; all messages in them if the term is null. */
  inSlices(slices: readonly Slice[], term: Term | null): Promise<Candidate[]>;
  /** The ids of the messages at these places. */
  idsAt(places: readonly Place[]): Promise<Pick<MessageRow, '_id' | 'conversationId' | 'seq'>[]>;
}

/** The maximum number of conversations per query, which limits its index ranges. */
const conversationsAtOnce = 500;
/** The maximum number of index ranges that MongoDB merges in order; beyond it, everything is read and sorted. */
const mergedAtOnce = 200;
const maxTimeMS = 2000;
const projection = { conversationId: 1, seq: 1, senderId: 1, text: 1, words: 1 } as const;

/** Words are letters and digits alone, so none of their characters is special in a pattern. */
const conditionOf = ({ word, isPrefix }: Term) => (isPrefix ? { $regex: `^${word}` } : word);

export function createSearchRepository(connection: Connection): SearchRepository {
  const messages = messagesOf(connection);

  return {
    async within(conversationIds, term, { from, before, limit }) {
      const _id = {
        ...(from !== null && { $gte: toId(from) }),
        ...(before !== null && { $lt: toId(before) }),
      };
      const what = { words: conditionOf(term), ...(Object.keys(_id).length > 0 && { _id }) };
      const found: Candidate[] = [];
      for (let at = 0; at < conversationIds.length && found.length < limit; at += conversationsAtOnce) {
        const filter = { conversationId: { $in: toIds(conversationIds.slice(at, at + conversationsAtOnce)) }, ...what };
        const options = { projection, maxTimeMS, limit: limit - found.length };
        found.push(...((await messages.find(filter, options).map(toRow).toArray()) as Candidate[]));
      }
      return found;
    },
    async newestWith(conversationIds, words, { before, limit }) {
      const parts: Promise<Candidate[]>[] = [];
      for (let at = 0; at < conversationIds.length; at += mergedAtOnce) {
        const some = toIds(conversationIds.slice(at, at + mergedAtOnce));
        const filter = {
          conversationId: { $in: some },
          words,
          ...(before !== null && { _id: { $lt: toId(before) } }),
        };
        const options = { projection, maxTimeMS, sort: { _id: -1 }, limit } as const;
        parts.push(messages.find(filter, options).map(toRow).toArray() as Promise<Candidate[]>);
      }
      return (await Promise.all(parts)).flat().sort(byAge).slice(0, limit);
    },
    async inSlices(slices, term) {
      if (slices.length === 0) return [];
      const parts = slices.map(({ conversationId, above, below }) => ({
        conversationId: toId(conversationId),
        seq: { $gt: above, $lt: below },
      }));
      const filter = { $or: parts, ...(term && { words: conditionOf(term) }) };
      return messages.find(filter, { projection, maxTimeMS }).map(toRow).toArray() as Promise<Candidate[]>;
    },
    async idsAt(places) {
      if (places.length === 0) return [];
      const wanted = places.map(({ conversationId, seq }) => ({ conversationId: toId(conversationId), seq }));
      return messages
        .find({ $or: wanted }, { projection: { conversationId: 1, seq: 1 } })
        .map(toRow)
        .toArray();
    },
  };
}
