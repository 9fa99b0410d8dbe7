/** What search asks of the rows of messages; each query is served by an index and bounded. */
import { type Connection, Types } from 'mongoose';
import type { Place } from '../hidden/hidden-repository.js';
import { majority } from '../concerns.js';
import { type MessageRow, messagesOf } from './message-repository.js';

/** A message that may be a hit: what has to be known before it is read whole. */
export type Candidate = Pick<MessageRow, '_id' | 'conversationId' | 'seq' | 'senderId' | 'text' | 'words'>;

/** Newest first: by the ids, whose time is that of sending. */
export function byAge(a: Pick<Candidate, '_id'>, b: Pick<Candidate, '_id'>): number {
  return b._id.toHexString() < a._id.toHexString() ? -1 : 1;
}

/** A stretch of a conversation to be looked through: above one number, below another. */
export interface Slice {
  conversationId: Types.ObjectId;
  above: number;
  below: number;
}

/** The words that are looked for together: each as it is, or as the beginning of one. */
export interface Term {
  word: string;
  isPrefix: boolean;
}

export interface SearchRepository {
  /** What holds a word in some conversations, in no order: from an id on, of those with smaller ids than `before`. */
  within(
    conversationIds: readonly Types.ObjectId[],
    term: Term,
    stretch: { from: string | null; before: string | null; limit: number },
  ): Promise<Candidate[]>;
  /** The newest that hold a word, of those with smaller ids than `before`; newest first. */
  newestWith(
    conversationIds: readonly Types.ObjectId[],
    word: string,
    page: { before: string | null; limit: number },
  ): Promise<Candidate[]>;
  /** What holds a word in some slices; null: everything in them. */
  inSlices(slices: readonly Slice[], term: Term | null): Promise<Candidate[]>;
  /** The ids of the messages at these places. */
  idsAt(places: readonly Place[]): Promise<Pick<MessageRow, '_id' | 'conversationId' | 'seq'>[]>;
}

/** So many conversations in one query: the ranges of an index that it takes stay few. */
const conversationsAtOnce = 500;
/** MongoDB merges so many ranges of an index by an order; of more it would read everything and sort. */
const mergedAtOnce = 200;
const maxTimeMS = 2000;
const projection = { conversationId: 1, seq: 1, senderId: 1, text: 1, words: 1 } as const;

/** Words are letters and digits alone, so nothing in them means anything in a pattern. */
const conditionOf = ({ word, isPrefix }: Term) => (isPrefix ? { $regex: `^${word}` } : word);

/** Gives the search on one connection. */
export function createSearchRepository(connection: Connection): SearchRepository {
  const messages = messagesOf(connection);

  return {
    async within(conversationIds, term, { from, before, limit }) {
      const _id = {
        ...(from !== null && { $gte: new Types.ObjectId(from) }),
        ...(before !== null && { $lt: new Types.ObjectId(before) }),
      };
      const what = { words: conditionOf(term), ...(Object.keys(_id).length > 0 && { _id }) };
      const found: Candidate[] = [];
      for (let at = 0; at < conversationIds.length && found.length < limit; at += conversationsAtOnce) {
        const filter = { conversationId: { $in: conversationIds.slice(at, at + conversationsAtOnce) }, ...what };
        const options = { projection, maxTimeMS, limit: limit - found.length, ...majority };
        found.push(...((await messages.find(filter, options).toArray()) as Candidate[]));
      }
      return found;
    },
    async newestWith(conversationIds, words, { before, limit }) {
      const parts: Promise<Candidate[]>[] = [];
      for (let at = 0; at < conversationIds.length; at += mergedAtOnce) {
        const some = conversationIds.slice(at, at + mergedAtOnce);
        const filter = {
          conversationId: { $in: some },
          words,
          ...(before !== null && { _id: { $lt: new Types.ObjectId(before) } }),
        };
        const options = { projection, maxTimeMS, sort: { _id: -1 }, limit, ...majority } as const;
        parts.push(messages.find(filter, options).toArray() as Promise<Candidate[]>);
      }
      return (await Promise.all(parts)).flat().sort(byAge).slice(0, limit);
    },
    async inSlices(slices, term) {
      if (slices.length === 0) return [];
      const parts = slices.map(({ conversationId, above, below }) => ({
        conversationId,
        seq: { $gt: above, $lt: below },
      }));
      const filter = { $or: parts, ...(term && { words: conditionOf(term) }) };
      return messages.find(filter, { projection, maxTimeMS, ...majority }).toArray() as Promise<Candidate[]>;
    },
    async idsAt(places) {
      if (places.length === 0) return [];
      const wanted = places.map(({ conversationId, seq }) => ({ conversationId, seq }));
      return messages.find({ $or: wanted }, { projection: { conversationId: 1, seq: 1 }, ...majority }).toArray();
    },
  };
}
