import type { Elevated, GroupChange } from './group-change.js';
import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { firstIdAt } from '../ids.js';
import type { PictureRow } from '../uploads/attachment-row.js';
import { isDuplicateKey } from '../concerns.js';

export interface ConversationRow {
  _id: Types.ObjectId;
  type: 'direct' | 'group';
  /** The sorted ids of a direct conversation's people; unique. Null in a group. */
  pair: string | null;
  /** Who is in a direct conversation, once each; empty in a group. */
  userIds: Types.ObjectId[];
  /** `forming` until the rows of its members are there, `deleting` until nothing of it is there any more. */
  state: 'forming' | 'active' | 'deleting';
  /** Heads, which follow from the log: the last message, the last change, the last activity. */
  seq: number;
  rev: number;
  lastActivityAt: Date;
  /** At or above the last message that counts for no badge. */
  lastUncountedSeq: number;
  /** At or above the last message that some member cannot see: he joined, emptied or hid. */
  lastBlindSeq: number;
  memberCount: number;
  membersVersion: number;
  createdAt: Date;
  title: string | null;
  description: string | null;
  photo: PictureRow | null;
  /** Who made a group, and the clientId that he made it under; unique. */
  createKey: string | null;
  creatorId: Types.ObjectId | null;
  elevated: Elevated[];
  /** The change of a group that is under way: nobody begins another before it is finished. */
  pending: GroupChange | null;
  /** The lowest marks that all members of a group show; only ever raised. */
  reachedDeliveredSeq: number;
  reachedReadSeq: number;
  /** How far notifications have been made; `notifyDue` is there while the head is further. */
  notifiedSeq: number;
  notifiedRev: number;
  notifyDue?: true;
}

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const number = { type: Number, default: 0 };
const date = { type: Date, required: true };

const schema = new mongoose.Schema<ConversationRow>(
  {
    type: { type: String, enum: ['direct', 'group'], required: true },
    pair: { type: String, default: null },
    userIds: { type: [id], required: true },
    state: { type: String, enum: ['forming', 'active', 'deleting'], required: true },
    seq: number,
    rev: number,
    lastActivityAt: date,
    lastUncountedSeq: number,
    lastBlindSeq: number,
    memberCount: number,
    membersVersion: number,
    createdAt: date,
    title: { type: String, default: null },
    description: { type: String, default: null },
    photo: { type: mongoose.Schema.Types.Mixed, default: null },
    createKey: { type: String, default: null },
    creatorId: { type: mongoose.Schema.Types.ObjectId, default: null },
    elevated: { type: mongoose.Schema.Types.Mixed, default: [] },
    pending: { type: mongoose.Schema.Types.Mixed, default: null },
    reachedDeliveredSeq: number,
    reachedReadSeq: number,
    notifiedSeq: number,
    notifiedRev: number,
    notifyDue: { type: Boolean },
  },
  { versionKey: false },
);
schema.index({ pair: 1 }, { unique: true, partialFilterExpression: { pair: { $type: 'string' } } });
schema.index({ createKey: 1 }, { unique: true, partialFilterExpression: { createKey: { $type: 'string' } } });
schema.index({ 'pending._id': 1 }, { partialFilterExpression: { 'pending._id': { $type: 'objectId' } } });
schema.index({ state: 1, _id: 1 });
schema.index({ notifyDue: 1 }, { partialFilterExpression: { notifyDue: true } });

/** A head as the log knows it. */
export interface Head {
  conversationId: string;
  seq: number;
  rev: number;
  lastActivityAt: Date;
  lastUncountedSeq: number;
}

/** The rows of conversations: named queries on lean rows, each served by an index. */
export interface ConversationRepository {
  /** The one direct conversation of a pair; `isNew` for the one call that made it. */
  findOrMake(userId: string, otherId: string, at: Date): Promise<{ row: ConversationRow; isNew: boolean }>;
  activate(conversationId: Types.ObjectId): Promise<void>;
  /** The direct conversation of two people; null where there is none. */
  ofPair(userId: string, otherId: string): Promise<ConversationRow | null>;
  /** With whom of these people somebody has a direct conversation. */
  partnersAmong(userId: string, otherIds: readonly string[]): Promise<string[]>;
  byId(conversationId: string): Promise<ConversationRow | null>;
  byIds(conversationIds: readonly Types.ObjectId[]): Promise<ConversationRow[]>;
  /** The direct ones that were begun before a moment and have not got their members. */
  forming(before: Date): Promise<ConversationRow[]>;
  /** Before a message comes to count for no badge: too high costs a query, too low a wrong badge. */
  raiseUncounted(conversationId: Types.ObjectId, seq: number): Promise<void>;
  /** Before a message comes to be unseen by a member who sees later ones. */
  raiseCannotSee(conversationId: Types.ObjectId, seq: number): Promise<void>;
  /** Whether a conversation is of two people or a group; null where there is none. */
  typeOf(conversationId: string): Promise<ConversationRow['type'] | null>;
  /** Raises what all members of a group have reached; true if it rose. */
  raiseMinReceipts(
    conversationId: Types.ObjectId,
    minReceipts: { deliveredSeq: number; readSeq: number },
  ): Promise<boolean>;
  /** Conversations whose heads are further than their notifications. */
  dueToNotify(limit: number): Promise<string[]>;
  /** Notes how far notifications have been made; `isAll` where that is the head that the row shows. */
  raiseNotified(row: ConversationRow, made: { seq: number; rev: number }, isAll: boolean): Promise<void>;
  /** Raises heads; `isDurable` waits for the journal. */
  raiseHeads(heads: readonly Head[], isDurable: boolean): Promise<void>;
}

/** What a conversation is at its beginning, of whatever type. */
export function newConversation(at: Date): Omit<ConversationRow, 'type' | 'pair' | 'userIds' | 'memberCount'> {
  return {
    _id: new Types.ObjectId(),
    state: 'forming',
    seq: 0,
    rev: 0,
    lastActivityAt: at,
    lastUncountedSeq: 0,
    lastBlindSeq: 0,
    membersVersion: 0,
    createdAt: at,
    title: null,
    description: null,
    photo: null,
    createKey: null,
    creatorId: null,
    elevated: [],
    pending: null,
    reachedDeliveredSeq: 0,
    reachedReadSeq: 0,
    notifiedSeq: 0,
    notifiedRev: 0,
  };
}

function newDirect(pair: string, userIds: readonly string[], at: Date): ConversationRow {
  return {
    ...newConversation(at),
    type: 'direct',
    pair,
    userIds: userIds.map((one) => new Types.ObjectId(one)),
    memberCount: userIds.length,
  };
}

/** The type is that of the partial index, which a query has to name. */
const byPair = (pair: string) => ({ pair: { $eq: pair, $type: 'string' as const } });
const pairOf = (userId: string, otherId: string): string => [userId, otherId].sort().join(' ');

type Raises = Pick<
  ConversationRepository,
  'raiseUncounted' | 'raiseCannotSee' | 'raiseMinReceipts' | 'raiseHeads' | 'raiseNotified' | 'dueToNotify'
>;

/** What only ever grows. */
function raisesOf(conversations: Collection<ConversationRow>): Raises {
  return {
    async raiseUncounted(_id, seq) {
      await conversations.updateOne({ _id, lastUncountedSeq: { $lt: seq } }, { $max: { lastUncountedSeq: seq } });
    },
    async raiseCannotSee(_id, seq) {
      await conversations.updateOne({ _id, lastBlindSeq: { $lt: seq } }, { $max: { lastBlindSeq: seq } });
    },
    async raiseMinReceipts(_id, { deliveredSeq: reachedDeliveredSeq, readSeq: reachedReadSeq }) {
      const isBelow = [
        { reachedDeliveredSeq: { $lt: reachedDeliveredSeq } },
        { reachedReadSeq: { $lt: reachedReadSeq } },
      ];
      const update = { $max: { reachedDeliveredSeq, reachedReadSeq } };
      const result = await conversations.updateOne({ _id, $or: isBelow }, update, { writeConcern: { w: 'majority' } });
      return result.modifiedCount === 1;
    },
    async dueToNotify(limit) {
      const options = { projection: { _id: 1 } };
      return (await conversations.find({ notifyDue: true }, options).limit(limit).toArray()).map(({ _id }) =>
        String(_id),
      );
    },
    async raiseNotified({ _id, seq, rev }, made, isAll) {
      await conversations.updateOne({ _id }, { $max: { notifiedSeq: made.seq, notifiedRev: made.rev } });
      // Whatever has come meanwhile has raised the head, and is due.
      if (isAll) await conversations.updateOne({ _id, seq, rev, notifyDue: true }, { $unset: { notifyDue: 1 } });
    },
    async raiseHeads(heads, isDurable) {
      if (heads.length === 0) return;
      const writes = heads.map(({ conversationId, ...head }) => ({
        updateOne: {
          filter: { _id: new Types.ObjectId(conversationId) },
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

/** Gives the rows of conversations on one connection. */
export function createConversationRepository(connection: Connection): ConversationRepository {
  connection.model<ConversationRow>('Conversation', schema, 'conversations');
  const conversations = connection.collection<ConversationRow>('conversations');

  async function upsert(row: ConversationRow): Promise<boolean> {
    for (;;) {
      try {
        const { pair, ...rest } = row;
        const result = await conversations.updateOne(byPair(String(pair)), { $setOnInsert: rest }, { upsert: true });
        return result.upsertedCount === 1;
      } catch (error) {
        // Two upserts of one pair at once: the loser finds the row at the next try.
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  return {
    ...raisesOf(conversations),
    async findOrMake(userId, otherId, at) {
      const pair = pairOf(userId, otherId);
      const found = await conversations.findOne(byPair(pair));
      if (found) return { row: found, isNew: false };
      const isNew = await upsert(newDirect(pair, [...new Set([userId, otherId])].sort(), at));
      const row = await conversations.findOne(byPair(pair));
      if (!row) throw new Error('A conversation that was just made is not there');
      return { row, isNew };
    },
    ofPair: (userId, otherId) => conversations.findOne(byPair(pairOf(userId, otherId))),
    async partnersAmong(userId, otherIds) {
      const pairs = new Map(otherIds.map((otherId) => [pairOf(userId, otherId), otherId]));
      const filter = { pair: { $in: [...pairs.keys()], $type: 'string' as const } };
      const found = await conversations.find(filter, { projection: { pair: 1 } }).toArray();
      return found.flatMap(({ pair }) => pairs.get(String(pair)) ?? []);
    },
    async activate(conversationId) {
      await conversations.updateOne({ _id: conversationId, state: 'forming' }, { $set: { state: 'active' } });
    },
    typeOf: async (conversationId) => {
      const options = { projection: { type: 1 } };
      return (await conversations.findOne({ _id: new Types.ObjectId(conversationId) }, options))?.type ?? null;
    },
    byId: (conversationId) => conversations.findOne({ _id: new Types.ObjectId(conversationId) }),
    byIds: (conversationIds) =>
      conversations
        .find({ _id: { $in: [...conversationIds] } })
        .sort({ _id: 1 })
        .toArray(),
    forming: (before) =>
      conversations
        .find({ state: 'forming', type: 'direct', _id: { $lt: firstIdAt(before) } })
        .sort({ state: 1 })
        .toArray(),
  };
}
