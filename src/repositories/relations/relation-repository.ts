import mongoose, { type Collection, type Connection } from 'mongoose';
import { createBatchedRead } from '../../kernel/batch.js';
import { eraseRows } from '../erasing.js';
import { isDuplicateKey } from '../errors.js';
import { type Id, type Row, toId, toRow } from '../ids.js';

/** One user, the owner, has another one as a contact, has blocked them, or both. */
export interface StoredRelation {
  /** Both ids, the owner's first: the relations between two users are two rows with known keys. */
  _id: string;
  ownerId: Id;
  userId: Id;
  contactSince: Date | null;
  alias: string | null;
  blockedSince: Date | null;
}

export type RelationRow = Row<StoredRelation>;

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const date = { type: Date, default: null };

const schema = new mongoose.Schema<StoredRelation>(
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

/** Relations: named queries, each served by an index. */
export interface RelationRepository {
  /** The relations of these pairs; none for a pair without one. */
  among(pairs: readonly { ownerId: string; userId: string }[]): Promise<RelationRow[]>;
  /** The contacts of a user, in the order in which they were added. */
  contactsOf(ownerId: string): Promise<RelationRow[]>;
  /** The users that a user has blocked, in the order of blocking. */
  blockedBy(ownerId: string): Promise<RelationRow[]>;
  /** The users who have blocked a user. */
  blockersOf(userId: string): Promise<RelationRow[]>;
  countContacts(ownerId: string): Promise<number>;
  countBlocked(ownerId: string): Promise<number>;
  /** Adds a contact; false if the user was one already. */
  addContact(ownerId: string, userId: string, contact: { alias: string | null; at: Date }): Promise<boolean>;
  /** Sets the alias of a contact; null if the user is not a contact. */
  setAlias(ownerId: string, userId: string, alias: string | null): Promise<RelationRow | null>;
  /** False if the user was not a contact. */
  removeContact(ownerId: string, userId: string): Promise<boolean>;
  /** False if the user was blocked already. */
  block(ownerId: string, userId: string, at: Date): Promise<boolean>;
  /** False if the user was not blocked. */
  unblock(ownerId: string, userId: string): Promise<boolean>;
  /** Removes a user from contacts and blocks, their own and those of others; returns how many there were, and the other owners. */
  eraseUser(userId: string): Promise<{ count: number; ownerIds: string[] }>;
}

/** The writes that change how two users relate. */
export const relationshipWrites = [
  'addContact',
  'removeContact',
  'block',
  'unblock',
  'eraseUser',
] as const satisfies (keyof RelationRepository)[];

const keyOf = (ownerId: string, userId: string): string => `${ownerId} ${userId}`;
const isDate = { $type: 'date' as const };

type RelationField = 'contactSince' | 'blockedSince';

/** Begins and ends relations, each by one conditional write; a row without a relation is deleted. */
function writesOf(relations: Collection<StoredRelation>) {
  /** Sets a field that is not set; false if it is. */
  async function begin(
    ownerId: string,
    userId: string,
    field: RelationField,
    set: Partial<StoredRelation>,
  ): Promise<boolean> {
    const _id = keyOf(ownerId, userId);
    const rest = field === 'contactSince' ? { blockedSince: null } : { contactSince: null, alias: null };
    const initial = { ownerId: toId(ownerId), userId: toId(userId), ...rest };
    for (;;) {
      try {
        await relations.updateOne({ _id, [field]: null }, { $set: set, $setOnInsert: initial }, { upsert: true });
        return true;
      } catch (error) {
        // The field is set already, or another request has created the row at the same moment.
        if (!isDuplicateKey(error)) throw error;
        const row = await relations.findOne({ _id });
        if (row?.[field]) return false;
      }
    }
  }

  async function end(
    ownerId: string,
    userId: string,
    field: RelationField,
    unset: Partial<StoredRelation>,
  ): Promise<boolean> {
    const _id = keyOf(ownerId, userId);
    const result = await relations.updateOne({ _id, [field]: isDate }, { $set: unset });
    await relations.deleteOne({ _id, contactSince: null, blockedSince: null });
    return result.modifiedCount === 1;
  }

  return { begin, end };
}

export function createRelationRepository(connection: Connection): RelationRepository {
  connection.model<StoredRelation>('Relation', schema, 'relations');
  const relations = connection.collection<StoredRelation>('relations');
  const { begin, end } = writesOf(relations);
  const contactsOf = (ownerId: string) => ({ ownerId: toId(ownerId), contactSince: isDate });
  const blockedBy = (ownerId: string) => ({ ownerId: toId(ownerId), blockedSince: isDate });

  const read = createBatchedRead(async (keys) => {
    const found = await relations
      .find({ _id: { $in: [...keys] } })
      .map(toRow)
      .toArray();
    return new Map(found.map((row) => [row._id, row]));
  });

  async function sorted(filter: object, sort: Record<string, 1>): Promise<RelationRow[]> {
    return relations.find(filter).sort(sort).map(toRow).toArray();
  }

  return {
    async among(pairs) {
      const found = await Promise.all(pairs.map((pair) => read(keyOf(pair.ownerId, pair.userId))));
      return found.filter((row) => row !== null);
    },
    contactsOf: (ownerId) => sorted(contactsOf(ownerId), { contactSince: 1, userId: 1 }),
    blockedBy: (ownerId) => sorted(blockedBy(ownerId), { blockedSince: 1, userId: 1 }),
    blockersOf: (userId) => sorted({ userId: toId(userId), blockedSince: isDate }, { ownerId: 1 }),
    countContacts: (ownerId) => relations.countDocuments(contactsOf(ownerId)),
    countBlocked: (ownerId) => relations.countDocuments(blockedBy(ownerId)),
    addContact: (ownerId, userId, { alias, at }) => begin(ownerId, userId, 'contactSince', { contactSince: at, alias }),
    async setAlias(ownerId, userId, alias) {
      const filter = { _id: keyOf(ownerId, userId), contactSince: isDate };
      return toRow(await relations.findOneAndUpdate(filter, { $set: { alias } }, { returnDocument: 'after' }));
    },
    removeContact: (ownerId, userId) => end(ownerId, userId, 'contactSince', { contactSince: null, alias: null }),
    block: (ownerId, userId, at) => begin(ownerId, userId, 'blockedSince', { blockedSince: at }),
    async eraseUser(userId) {
      const theirs = await relations
        .find({ userId: toId(userId) })
        .map(toRow)
        .toArray();
      const owned = await eraseRows(relations, { ownerId: toId(userId) });
      await eraseRows(relations, { userId: toId(userId) });
      return { count: owned + theirs.length, ownerIds: theirs.map(({ ownerId }) => ownerId) };
    },
    unblock: (ownerId, userId) => end(ownerId, userId, 'blockedSince', { blockedSince: null }),
  };
}
