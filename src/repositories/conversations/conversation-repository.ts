import { type Collection, type Connection } from 'mongoose';
import { createBatch } from '../../kernel/batch.js';
import { retryOnDuplicateKey } from '../errors.js';
import { firstIdAt, toId, toIds, toRow } from '../ids.js';
import { createReadById } from '../read-by-id.js';
import {
  type ConversationRow,
  conversationSchema,
  newConversation,
  type StoredConversation,
} from './conversation-row.js';

export type { ConversationRow } from './conversation-row.js';

/** A head in the log. */
export interface Head {
  conversationId: string;
  seq: number;
  rev: number;
  lastActivityAt: Date;
  lastUncountedSeq: number;
}

/** Conversations: named queries on lean rows, each served by an index. */
export interface ConversationRepository {
  /** The one direct conversation of a pair; `isNew` for the one call that created it. */
  findOrCreate(userId: string, otherId: string, at: Date): Promise<{ row: ConversationRow; isNew: boolean }>;
  activate(conversationId: string): Promise<void>;
  /** The direct conversation of two users; null if there is none. */
  ofPair(userId: string, otherId: string): Promise<ConversationRow | null>;
  /** Those of some users with whom a user has a direct conversation. */
  partnersAmong(userId: string, otherIds: readonly string[]): Promise<string[]>;
  byId(conversationId: string): Promise<ConversationRow | null>;
  byIds(conversationIds: readonly string[]): Promise<ConversationRow[]>;
  /** The direct conversations that were created before a moment and still lack members. */
  unfinished(before: Date): Promise<ConversationRow[]>;
  /** Called before a message stops counting for badges: a value too high costs a query, one too low a wrong badge. */
  raiseUncounted(conversationId: string, seq: number): Promise<void>;
  /** Called before a message is hidden from a member who sees later ones. */
  raiseCannotSee(conversationId: string, seq: number): Promise<void>;
  /** Null if there is no such conversation. Kept in memory. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  /** Raises the lowest receipts of a group; true if they rose. */
  raiseMinReceipts(conversationId: string, minReceipts: { deliveredSeq: number; readSeq: number }): Promise<boolean>;
  /** The conversations whose heads are further than their notifications. */
  dueToNotify(limit: number): Promise<string[]>;
  /** Records how far notifications have been created; `isAll` if that is the head in `row`. */
  raiseNotified(row: ConversationRow, made: { seq: number; rev: number }, isAll: boolean): Promise<void>;
  /** Raises heads; waits for the journal if `isDurable`. */
  raiseHeads(heads: readonly Head[], isDurable: boolean): Promise<void>;
}

function newDirect(pair: string, userIds: readonly string[], at: Date): StoredConversation {
  return {
    ...newConversation(at),
    type: 'direct',
    pair,
    userIds: toIds(userIds),
    memberCount: userIds.length,
  };
}

/** `$type` repeats the condition of the partial index, without which a query cannot use it. */
const byPair = (pair: string) => ({ pair: { $eq: pair, $type: 'string' as const } });
const pairOf = (userId: string, otherId: string): string => [userId, otherId].sort().join(' ');

type Raises = Pick<
  ConversationRepository,
  'raiseUncounted' | 'raiseCannotSee' | 'raiseMinReceipts' | 'raiseHeads' | 'raiseNotified' | 'dueToNotify'
>;

/** How far the notifications of a conversation have been created. */
interface NotifiedUpTo {
  row: ConversationRow;
  made: { seq: number; rev: number };
  /** Whether that is the head in `row`. */
  isAll: boolean;
}

function notifiedWrites({ row: { _id: id, seq, rev }, made, isAll }: NotifiedUpTo) {
  const _id = toId(id);
  const raise = { filter: { _id }, update: { $max: { notifiedSeq: made.seq, notifiedRev: made.rev } } };
  // Anything committed meanwhile has raised the head and stays due.
  const end = { filter: { _id, seq, rev, notifyDue: true as const }, update: { $unset: { notifyDue: 1 as const } } };
  return isAll ? [{ updateOne: raise }, { updateOne: end }] : [{ updateOne: raise }];
}

/** The writes of fields that only ever rise. */
function raisesOf(conversations: Collection<StoredConversation>): Raises {
  const raiseAllNotified = createBatch<NotifiedUpTo, void>(async (calls) => {
    await conversations.bulkWrite(calls.flatMap(notifiedWrites), { ordered: true });
    return [];
  });

  return {
    async raiseUncounted(id, seq) {
      await conversations.updateOne(
        { _id: toId(id), lastUncountedSeq: { $lt: seq } },
        { $max: { lastUncountedSeq: seq } },
      );
    },
    async raiseCannotSee(id, seq) {
      await conversations.updateOne({ _id: toId(id), lastBlindSeq: { $lt: seq } }, { $max: { lastBlindSeq: seq } });
    },
    async raiseMinReceipts(id, { deliveredSeq: reachedDeliveredSeq, readSeq: reachedReadSeq }) {
      const isBelow = [
        { reachedDeliveredSeq: { $lt: reachedDeliveredSeq } },
        { reachedReadSeq: { $lt: reachedReadSeq } },
      ];
      const update = { $max: { reachedDeliveredSeq, reachedReadSeq } };
      // Not journaled: after a crash, the next rise computes lost receipts again from the member rows.
      const result = await conversations.updateOne({ _id: toId(id), $or: isBelow }, update, {
        writeConcern: { w: 'majority' },
      });
      return result.modifiedCount === 1;
    },
    async dueToNotify(limit) {
      const options = { projection: { _id: 1 } };
      return (await conversations.find({ notifyDue: true }, options).limit(limit).toArray()).map(({ _id }) =>
        String(_id),
      );
    },
    raiseNotified: (row, made, isAll) => raiseAllNotified({ row, made, isAll }),
    async raiseHeads(heads, isDurable) {
      if (heads.length === 0) return;
      const writes = heads.map(({ conversationId, ...head }) => ({
        updateOne: {
          filter: { _id: toId(conversationId) },
          update: { $max: head, $set: { notifyDue: true as const } },
        },
      }));
      await conversations.bulkWrite(writes, {
        ordered: false,
        ...(isDurable ? {} : { writeConcern: { w: 'majority' } }),
      });
    },
  };
}

/** How many types are kept in memory; the type of a conversation never changes. */
const keptTypes = 100_000;

function typesOf(conversations: Collection<StoredConversation>): ConversationRepository['typeOf'] {
  const types = new Map<string, ConversationRow['type']>();
  return async (conversationId) => {
    const known = types.get(conversationId);
    if (known) return known;
    const found = await conversations.findOne({ _id: toId(conversationId) }, { projection: { type: 1 } });
    if (types.size >= keptTypes) types.clear();
    if (found) types.set(conversationId, found.type);
    return found?.type ?? null;
  };
}

export function createConversationRepository(connection: Connection): ConversationRepository {
  connection.model<StoredConversation>('Conversation', conversationSchema, 'conversations');
  const conversations = connection.collection<StoredConversation>('conversations');

  async function upsert(row: StoredConversation): Promise<boolean> {
    const { pair, ...rest } = row;
    // Two concurrent upserts of one pair: the one that lost finds the row on its retry.
    const result = await retryOnDuplicateKey(() =>
      conversations.updateOne(byPair(String(pair)), { $setOnInsert: rest }, { upsert: true }),
    );
    return result.upsertedCount === 1;
  }

  return {
    ...raisesOf(conversations),
    async findOrCreate(userId, otherId, at) {
      const pair = pairOf(userId, otherId);
      const found = await conversations.findOne(byPair(pair));
      if (found) return { row: toRow(found), isNew: false };
      const isNew = await upsert(newDirect(pair, [...new Set([userId, otherId])].sort(), at));
      const row = await conversations.findOne(byPair(pair));
      if (!row) throw new Error('A conversation that was just created is missing');
      return { row: toRow(row), isNew };
    },
    ofPair: async (userId, otherId) => toRow(await conversations.findOne(byPair(pairOf(userId, otherId)))),
    async partnersAmong(userId, otherIds) {
      const pairs = new Map(otherIds.map((otherId) => [pairOf(userId, otherId), otherId]));
      const filter = { pair: { $in: [...pairs.keys()], $type: 'string' as const } };
      const found = await conversations.find(filter, { projection: { pair: 1 } }).toArray();
      return found.flatMap(({ pair }) => pairs.get(String(pair)) ?? []);
    },
    async activate(conversationId) {
      await conversations.updateOne({ _id: toId(conversationId), state: 'forming' }, { $set: { state: 'active' } });
    },
    typeOf: typesOf(conversations),
    byId: createReadById(conversations),
    byIds: (ids) =>
      conversations
        .find({ _id: { $in: toIds(ids) } })
        .sort({ _id: 1 })
        .map(toRow)
        .toArray(),
    unfinished: (before) =>
      conversations
        .find({ state: 'forming', type: 'direct', _id: { $lt: toId(firstIdAt(before)) } })
        .sort({ state: 1 })
        .map(toRow)
        .toArray(),
  };
}
