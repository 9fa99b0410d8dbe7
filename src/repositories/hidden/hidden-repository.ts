import mongoose, { type Connection } from 'mongoose';
import { firstIdAt, type Id, type Row, toId, toRow } from '../ids.js';
import { createErasesConversation, eraseRows, type ErasesConversation, type ErasesUser } from '../erasing.js';
import { retryOnDuplicateKey } from '../errors.js';

/** A message that a user has hidden for themselves, on all of their devices. */
export interface StoredHidden {
  _id: Id;
  userId: Id;
  conversationId: Id;
  seq: number;
  messageId: Id;
  /** The member revision that counts it; null until it is counted. */
  own: number | null;
}

export type HiddenRow = Row<StoredHidden>;

const id = { type: mongoose.Schema.Types.ObjectId, required: true };

const schema = new mongoose.Schema<StoredHidden>(
  {
    userId: id,
    conversationId: id,
    seq: { type: Number, required: true },
    messageId: id,
    own: { type: Number, default: null },
  },
  { versionKey: false },
);
schema.index({ userId: 1, conversationId: 1, seq: 1 }, { unique: true });
schema.index({ conversationId: 1, seq: 1 });
schema.index({ userId: 1, conversationId: 1, own: 1 });
schema.index({ own: 1 }, { partialFilterExpression: { own: null } });

/** The conversation and `seq` of a message. */
export interface Place {
  conversationId: string;
  seq: number;
}

/** A range of a conversation: above one `seq`, up to and including another. */
export interface Stretch {
  conversationId: string;
  above: number;
  upTo: number;
}

/** Messages that users have hidden for themselves: named queries, each served by an index. */
export interface HiddenRepository extends ErasesConversation, ErasesUser {
  /** The messages that a user has hidden in these ranges. */
  within(userId: string, stretches: readonly Stretch[]): Promise<Place[]>;
  /** Those of these messages that a user has hidden. */
  among(userId: string, places: readonly Place[]): Promise<Place[]>;
  /** The users who have hidden a message. */
  cannotSee(conversationId: string, seq: number): Promise<string[]>;
  /** The row of a message that is being hidden; created if it does not exist. */
  findOrCreate(row: Omit<HiddenRow, '_id' | 'own'>): Promise<HiddenRow>;
  /** Records the member revision that counts it. */
  number(id: string, memberRevision: number): Promise<void>;
  /** The messages that a user hid after these member revisions, and those not counted yet. */
  after(userId: string, revisions: readonly { conversationId: string; memberRevision: number }[]): Promise<HiddenRow[]>;
  /** Rows that were created before a moment and are not counted. */
  unfinished(before: Date, limit: number): Promise<HiddenRow[]>;
}

const place = { _id: 0, conversationId: 1, seq: 1 } as const;

type Collection = ReturnType<typeof collectionOf>;

function collectionOf(connection: Connection) {
  return connection.collection<StoredHidden>('hidden');
}

/** Reads several parts of a user's rows with one query. */
async function anyOf<Match>(hidden: Collection, userId: string, parts: readonly object[], projection?: object) {
  if (parts.length === 0) return [];
  const owner = toId(userId);
  return hidden
    .find({ $or: parts.map((part) => ({ userId: owner, ...part })) }, { ...(projection && { projection }) })
    .map(toRow)
    .toArray() as Promise<Match[]>;
}

async function findOrCreate(hidden: Collection, row: Omit<HiddenRow, '_id' | 'own'>): Promise<HiddenRow> {
  const { messageId, conversationId, userId, seq } = row;
  const key = { userId: toId(userId), conversationId: toId(conversationId), seq };
  const initial = { $setOnInsert: { messageId: toId(messageId), own: null } };
  const options = { upsert: true, returnDocument: 'after' } as const;
  const found = await retryOnDuplicateKey(() => hidden.findOneAndUpdate(key, initial, options));
  if (!found) throw new Error('An upsert returned no document');
  return toRow(found);
}

export function createHiddenRepository(connection: Connection): HiddenRepository {
  connection.model<StoredHidden>('Hidden', schema, 'hidden');
  const hidden = collectionOf(connection);
  return {
    ...createErasesConversation(hidden),
    eraseUser: (userId) => eraseRows(hidden, { userId: toId(userId) }),
    within: (userId, stretches) =>
      anyOf<Place>(
        hidden,
        userId,
        stretches.map(({ conversationId, above, upTo }) => ({
          conversationId: toId(conversationId),
          seq: { $gt: above, $lte: upTo },
        })),
        place,
      ),
    among: (userId, places) =>
      anyOf<Place>(
        hidden,
        userId,
        places.map(({ conversationId, seq }) => ({ conversationId: toId(conversationId), seq })),
        place,
      ),
    async cannotSee(conversationId, seq) {
      const rows = await hidden
        .find({ conversationId: toId(conversationId), seq }, { projection: { userId: 1 } })
        .toArray();
      return rows.map(({ userId }) => String(userId));
    },
    findOrCreate: (row) => findOrCreate(hidden, row),
    async number(id, memberRevision) {
      await hidden.updateOne({ _id: toId(id), own: null }, { $set: { own: memberRevision } });
    },
    after: (userId, revisions) =>
      anyOf<HiddenRow>(
        hidden,
        userId,
        revisions.flatMap(({ conversationId: id, memberRevision }) => {
          const conversationId = toId(id);
          return [
            { conversationId, own: { $gt: memberRevision } },
            { conversationId, own: null },
          ];
        }),
      ),
    unfinished: (before, limit) =>
      hidden
        .find({ own: null, _id: { $lt: toId(firstIdAt(before)) } })
        .limit(limit)
        .map(toRow)
        .toArray(),
  };
}
