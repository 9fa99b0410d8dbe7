import mongoose, { type Connection, type Model, Types } from 'mongoose';
import { durable, isDuplicateKey } from '../concerns.js';

/** What one person, the owner, has made of another one: a contact, somebody blocked, or both. */
export interface RelationRow {
  /** Both ids, the owner's first: so that what stands between two people is two rows by their keys. */
  _id: string;
  ownerId: Types.ObjectId;
  userId: Types.ObjectId;
  contactSince: Date | null;
  alias: string | null;
  blockedSince: Date | null;
}

const { trusted } = mongoose;
const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const date = { type: Date, default: null };

const schema = new mongoose.Schema<RelationRow>(
  {
    _id: { type: String, required: true },
    ownerId: id,
    userId: id,
    contactSince: date,
    alias: { type: String, default: null },
    blockedSince: date,
  },
  { versionKey: false },
);
schema.index(
  { ownerId: 1, contactSince: 1, userId: 1 },
  { partialFilterExpression: { contactSince: { $type: 'date' } } },
);
schema.index(
  { ownerId: 1, blockedSince: 1, userId: 1 },
  { partialFilterExpression: { blockedSince: { $type: 'date' } } },
);
schema.index({ userId: 1, ownerId: 1 }, { partialFilterExpression: { blockedSince: { $type: 'date' } } });
schema.index({ ownerId: 1 });
schema.index({ userId: 1 });

/** The rows of relations: named queries on lean rows, each served by an index. */
export interface RelationRepository {
  /** What each owner of these pairs has made of the other; nothing where he has made nothing. */
  among(pairs: readonly { ownerId: string; userId: string }[]): Promise<RelationRow[]>;
  /** The contacts of a person, in the order in which they were added. */
  contactsOf(ownerId: string): Promise<RelationRow[]>;
  /** Whom a person has blocked, in the order in which he did. */
  blockedBy(ownerId: string): Promise<RelationRow[]>;
  /** Who has blocked a person. */
  blockersOf(userId: string): Promise<RelationRow[]>;
  countContacts(ownerId: string): Promise<number>;
  countBlocked(ownerId: string): Promise<number>;
  /** Adds a contact; false if it was one already. */
  addContact(ownerId: string, userId: string, contact: { alias: string | null; at: Date }): Promise<boolean>;
  /** Names a contact; null if it is none. */
  setAlias(ownerId: string, userId: string, alias: string | null): Promise<RelationRow | null>;
  /** False if it was none. */
  removeContact(ownerId: string, userId: string): Promise<boolean>;
  /** False if he was blocked already. */
  block(ownerId: string, userId: string, at: Date): Promise<boolean>;
  /** False if he was not blocked. */
  unblock(ownerId: string, userId: string): Promise<boolean>;
}

const keyOf = (ownerId: string, userId: string): string => `${ownerId} ${userId}`;
const isDate = trusted({ $type: 'date' as const });

/** What makes and ends relations, each by one conditional write; a row that says nothing any more is taken away. */
function writesOf(Relations: Model<RelationRow>) {
  /** Sets a field where it is not set; false where it is. */
  async function begin(
    ownerId: string,
    userId: string,
    field: 'contactSince' | 'blockedSince',
    set: Partial<RelationRow>,
  ): Promise<boolean> {
    const _id = keyOf(ownerId, userId);
    const made = { ownerId: new Types.ObjectId(ownerId), userId: new Types.ObjectId(userId) };
    const rest = field === 'contactSince' ? { blockedSince: null } : { contactSince: null, alias: null };
    for (;;) {
      try {
        const update = { $set: set, $setOnInsert: { ...made, ...rest } };
        await Relations.updateOne({ _id, [field]: null }, update, { upsert: true, ...durable });
        return true;
      } catch (error) {
        // It is set already, or somebody else has made the row at the same moment.
        if (!isDuplicateKey(error)) throw error;
        const row = await Relations.findOne({ _id }).lean();
        if (row?.[field]) return false;
      }
    }
  }

  async function end(
    ownerId: string,
    userId: string,
    field: 'contactSince' | 'blockedSince',
    unset: Partial<RelationRow>,
  ): Promise<boolean> {
    const _id = keyOf(ownerId, userId);
    const result = await Relations.updateOne({ _id, [field]: isDate }, { $set: unset }, durable);
    await Relations.deleteOne({ _id, contactSince: null, blockedSince: null }, durable);
    return result.modifiedCount === 1;
  }

  return { begin, end };
}

/** Gives the rows of relations on one connection. */
export function createRelationRepository(connection: Connection): RelationRepository {
  const Relations = connection.model<RelationRow>('Relation', schema, 'relations');
  const { begin, end } = writesOf(Relations);
  const ownedBy = (ownerId: string) => ({ ownerId: new Types.ObjectId(ownerId) });

  return {
    among: (pairs) =>
      pairs.length === 0
        ? Promise.resolve([])
        : Relations.find({ _id: trusted({ $in: pairs.map((pair) => keyOf(pair.ownerId, pair.userId)) }) }).lean(),
    contactsOf: (ownerId) =>
      Relations.find({ ...ownedBy(ownerId), contactSince: isDate })
        .sort({ contactSince: 1, userId: 1 })
        .lean(),
    blockedBy: (ownerId) =>
      Relations.find({ ...ownedBy(ownerId), blockedSince: isDate })
        .sort({ blockedSince: 1, userId: 1 })
        .lean(),
    blockersOf: (userId) =>
      Relations.find({ userId: new Types.ObjectId(userId), blockedSince: isDate })
        .sort({ ownerId: 1 })
        .lean(),
    countContacts: (ownerId) => Relations.countDocuments({ ...ownedBy(ownerId), contactSince: isDate }),
    countBlocked: (ownerId) => Relations.countDocuments({ ...ownedBy(ownerId), blockedSince: isDate }),
    addContact: (ownerId, userId, { alias, at }) => begin(ownerId, userId, 'contactSince', { contactSince: at, alias }),
    setAlias: (ownerId, userId, alias) =>
      Relations.findOneAndUpdate(
        { _id: keyOf(ownerId, userId), contactSince: isDate },
        { $set: { alias } },
        { returnDocument: 'after', ...durable },
      ).lean(),
    removeContact: (ownerId, userId) => end(ownerId, userId, 'contactSince', { contactSince: null, alias: null }),
    block: (ownerId, userId, at) => begin(ownerId, userId, 'blockedSince', { blockedSince: at }),
    unblock: (ownerId, userId) => end(ownerId, userId, 'blockedSince', { blockedSince: null }),
  };
}
