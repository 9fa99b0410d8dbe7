import mongoose, { type Collection, type Connection, Types } from 'mongoose';
import { firstIdAt } from '../../log/ids.js';

export interface ConversationRow {
  _id: Types.ObjectId;
  type: 'direct';
  /** The sorted ids of a direct conversation's people; unique. */
  pair: string;
  /** Who is in a direct conversation, once each. */
  userIds: Types.ObjectId[];
  /** `forming` until the rows of its members are there. */
  state: 'forming' | 'active';
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
}

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const number = { type: Number, default: 0 };
const date = { type: Date, required: true };

const schema = new mongoose.Schema<ConversationRow>(
  {
    type: { type: String, enum: ['direct'], required: true },
    pair: { type: String, required: true },
    userIds: { type: [id], required: true },
    state: { type: String, enum: ['forming', 'active'], required: true },
    seq: number,
    rev: number,
    lastActivityAt: date,
    lastUncountedSeq: number,
    lastBlindSeq: number,
    memberCount: number,
    membersVersion: number,
    createdAt: date,
  },
  { versionKey: false },
);
schema.index({ pair: 1 }, { unique: true, partialFilterExpression: { pair: { $type: 'string' } } });
schema.index({ state: 1 }, { partialFilterExpression: { state: 'forming' } });

/** A head as the log knows it. */
export interface Head {
  conversationId: string;
  seq: number;
  rev: number;
  lastActivityAt: Date;
  lastUncountedSeq: number;
}

/** The rows of conversations: named queries on lean rows, each served by an index. */
export interface ConversationRows {
  /** The one direct conversation of a pair; `isNew` for the one call that made it. */
  findOrMake(userId: string, otherId: string, at: Date): Promise<{ row: ConversationRow; isNew: boolean }>;
  activate(conversationId: Types.ObjectId): Promise<void>;
  byId(conversationId: string): Promise<ConversationRow | null>;
  byIds(conversationIds: readonly Types.ObjectId[]): Promise<ConversationRow[]>;
  /** What was begun before a moment and has not got its members. */
  forming(before: Date): Promise<ConversationRow[]>;
  /** Before a message comes to count for no badge: too high costs a query, too low a wrong badge. */
  raiseUncounted(conversationId: Types.ObjectId, seq: number): Promise<void>;
  /** Before a message comes to be unseen by a member who sees later ones. */
  raiseBlind(conversationId: Types.ObjectId, seq: number): Promise<void>;
  /** Raises heads; `isDurable` waits for the journal. */
  raiseHeads(heads: readonly Head[], isDurable: boolean): Promise<void>;
}

const majority = { readConcern: { level: 'majority' }, readPreference: 'primary' } as const;

function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 11000;
}

function newDirect(pair: string, userIds: readonly string[], at: Date): ConversationRow {
  return {
    _id: new Types.ObjectId(),
    type: 'direct',
    pair,
    userIds: userIds.map((one) => new Types.ObjectId(one)),
    state: 'forming',
    seq: 0,
    rev: 0,
    lastActivityAt: at,
    lastUncountedSeq: 0,
    lastBlindSeq: 0,
    memberCount: userIds.length,
    membersVersion: 0,
    createdAt: at,
  };
}

/** The type is that of the partial index, which a query has to name. */
const byPair = (pair: string) => ({ pair: { $eq: pair, $type: 'string' as const } });

const durable = { writeConcern: { w: 'majority', journal: true } } as const;

type Raises = Pick<ConversationRows, 'raiseUncounted' | 'raiseBlind' | 'raiseHeads'>;

/** What only ever grows. */
function raisesOf(conversations: Collection<ConversationRow>): Raises {
  return {
    async raiseUncounted(_id, seq) {
      await conversations.updateOne(
        { _id, lastUncountedSeq: { $lt: seq } },
        { $max: { lastUncountedSeq: seq } },
        durable,
      );
    },
    async raiseBlind(_id, seq) {
      await conversations.updateOne({ _id, lastBlindSeq: { $lt: seq } }, { $max: { lastBlindSeq: seq } }, durable);
    },
    async raiseHeads(heads, isDurable) {
      if (heads.length === 0) return;
      const writes = heads.map(({ conversationId, ...head }) => ({
        updateOne: { filter: { _id: new Types.ObjectId(conversationId) }, update: { $max: head } },
      }));
      await conversations.bulkWrite(writes, {
        ordered: false,
        writeConcern: { w: 'majority', ...(isDurable ? { journal: true } : {}) },
      });
    },
  };
}

/** Gives the rows of conversations on one connection. */
export function conversationsModel(connection: Connection): ConversationRows {
  connection.model<ConversationRow>('Conversation', schema, 'conversations');
  const conversations = connection.collection<ConversationRow>('conversations');

  async function upsert(row: ConversationRow): Promise<boolean> {
    for (;;) {
      try {
        const { pair, ...rest } = row;
        const result = await conversations.updateOne(
          byPair(pair),
          { $setOnInsert: rest },
          { upsert: true, ...durable },
        );
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
      const pair = [userId, otherId].sort().join(' ');
      const found = await conversations.findOne(byPair(pair), majority);
      if (found) return { row: found, isNew: false };
      const isNew = await upsert(newDirect(pair, [...new Set([userId, otherId])].sort(), at));
      const row = await conversations.findOne(byPair(pair), majority);
      if (!row) throw new Error('A conversation that was just made is not there');
      return { row, isNew };
    },
    async activate(conversationId) {
      await conversations.updateOne({ _id: conversationId, state: 'forming' }, { $set: { state: 'active' } }, durable);
    },
    byId: (conversationId) => conversations.findOne({ _id: new Types.ObjectId(conversationId) }, majority),
    byIds: (conversationIds) =>
      conversations
        .find({ _id: { $in: [...conversationIds] } }, majority)
        .sort({ _id: 1 })
        .toArray(),
    forming: (before) =>
      conversations
        .find({ state: 'forming', _id: { $lt: firstIdAt(before) } }, majority)
        .sort({ state: 1 })
        .toArray(),
  };
}
