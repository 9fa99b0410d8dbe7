import { type Id, newId, type Row, toId, toIds } from '../ids.js';
import mongoose, { type Collection, type Connection } from 'mongoose';
import { retryOnDuplicateKey } from '../errors.js';

/** The receipts of a group at a moment: its last message, and how far all of its members had read. */
export interface FrozenReceipts {
  seq: number;
  readSeq: number;
}

/** A user in a conversation, from joining to leaving. */
export interface StoredMember {
  _id: Id;
  conversationId: Id;
  userId: Id;
  /** The cursor index: a number that no other row of this user has or had. */
  slot: number;
  isGroup: boolean;
  /** In a group: 0 for its creator, 3 for a member; the rank before, and the version of the change that set it. */
  rank: number;
  rankBefore: number;
  rankVersion: number;
  /** The change that added the user; null in a direct conversation. */
  joinedBy: Id | null;
  readSeq: number;
  deliveredSeq: number;
  /** Frozen receipts, set when a member begins to hide their reading: the member sees no reading of others beyond them. */
  stood: FrozenReceipts | null;
  /** The two receipts as others are shown them. */
  shownReadSeq: number;
  shownDeliveredSeq: number;
  joinedSeq: number;
  clearedSeq: number;
  /** At or above the last message that the user has hidden for themselves. */
  lastHiddenSeq: number;
  /** The member revision: counts all changes of this row. */
  own: number;
  /** Whether the conversation is in the list even if empty: for the user who opened it. */
  isListed: boolean;
  mutedUntil: Date | null;
  archived: boolean;
  pinned: boolean;
  markedUnread: boolean;
  /** Whether the user has a notification of the unread messages here; reading on ends that. */
  isSpoken: boolean;
  /** Whether the user has any notification from here that reading on can set to read. */
  hasNotified: boolean;
  joinedAt: Date;
  invitedBy: Id | null;
  endedAt: Date | null;
}

export type MemberRow = Row<StoredMember>;

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const number = { type: Number, default: 0 };
const flag = { type: Boolean, default: false };

export const memberSchema = new mongoose.Schema<StoredMember>(
  {
    conversationId: id,
    userId: id,
    slot: { type: Number, required: true },
    isGroup: flag,
    rank: number,
    rankBefore: number,
    rankVersion: number,
    joinedBy: { type: mongoose.Schema.Types.ObjectId, default: null },
    readSeq: number,
    deliveredSeq: number,
    stood: { type: mongoose.Schema.Types.Mixed, default: null },
    shownReadSeq: number,
    shownDeliveredSeq: number,
    joinedSeq: number,
    clearedSeq: number,
    lastHiddenSeq: number,
    own: number,
    isListed: flag,
    mutedUntil: { type: Date, default: null },
    archived: flag,
    pinned: flag,
    markedUnread: flag,
    isSpoken: flag,
    hasNotified: flag,
    joinedAt: { type: Date, required: true },
    invitedBy: { type: mongoose.Schema.Types.ObjectId, default: null },
    endedAt: { type: Date, default: null },
  },
  { versionKey: false },
);
memberSchema.index({ conversationId: 1, userId: 1 }, { unique: true, partialFilterExpression: { endedAt: null } });
memberSchema.index({ userId: 1, slot: 1 }, { unique: true });
// A user whom a change added and who has left since is not added by it again.
memberSchema.index(
  { conversationId: 1, userId: 1, joinedBy: 1 },
  { unique: true, partialFilterExpression: { joinedBy: { $type: 'objectId' } } },
);
memberSchema.index({ userId: 1, conversationId: 1 }, { partialFilterExpression: { isGroup: true, endedAt: null } });
memberSchema.index({ conversationId: 1, shownReadSeq: 1 }, { partialFilterExpression: { endedAt: null } });
memberSchema.index({ conversationId: 1, shownDeliveredSeq: 1 }, { partialFilterExpression: { endedAt: null } });
memberSchema.index({ conversationId: 1, rank: 1, joinedAt: 1, _id: 1 }, { partialFilterExpression: { endedAt: null } });
memberSchema.index({ conversationId: 1, readSeq: 1 }, { partialFilterExpression: { endedAt: null, isSpoken: false } });
memberSchema.index(
  { conversationId: 1, 'stood.readSeq': 1 },
  { partialFilterExpression: { 'stood.readSeq': { $type: 'number' } } },
);

interface CursorIndexRow {
  /** The user. */
  _id: Id;
  last: number;
}

/** Numbers the rows of each user 1, 2, 3 …; a number is never used twice. */
export function cursorIndexesOf(connection: Connection): (userId: string) => Promise<number> {
  const counters = connection.collection<CursorIndexRow>('slots');
  return async (userId) => {
    const options = { upsert: true, returnDocument: 'after' } as const;
    const row = await retryOnDuplicateKey(() =>
      counters.findOneAndUpdate({ _id: toId(userId) }, { $inc: { last: 1 } }, options),
    );
    if (!row) throw new Error('An upsert returned no document');
    return row.last;
  };
}

/** The conversations that a user can be in at once: a sync cursor has to hold the state of each. */
const maxConversations = 5_000;

/** Finds those of some users who are in as many conversations as a user can be in. */
export function crowdedOf(connection: Connection): (userIds: readonly string[]) => Promise<Set<string>> {
  const counters = connection.collection<CursorIndexRow>('slots');
  const members = membersOf(connection);
  return async (userIds) => {
    const ids = toIds(userIds);
    // Users who never had that many rows need no count.
    const busy = await counters.find({ _id: { $in: ids }, last: { $gte: maxConversations } }).toArray();
    const counts = busy.map(async ({ _id }) => {
      const count = await members.countDocuments({ userId: _id, endedAt: null });
      return count >= maxConversations ? [String(_id)] : [];
    });
    return new Set((await Promise.all(counts)).flat());
  };
}

/** The row of a user who is in a conversation from its creation; its cursor index is assigned later. */
export function newMember(conversationId: string, userId: string, at: Date): Omit<StoredMember, 'slot'> {
  return {
    _id: toId(newId()),
    conversationId: toId(conversationId),
    userId: toId(userId),
    isGroup: false,
    rank: 3,
    rankBefore: 3,
    rankVersion: 0,
    joinedBy: null,
    readSeq: 0,
    deliveredSeq: 0,
    stood: null,
    shownReadSeq: 0,
    shownDeliveredSeq: 0,
    joinedSeq: 0,
    clearedSeq: 0,
    lastHiddenSeq: 0,
    own: 0,
    isListed: false,
    mutedUntil: null,
    archived: false,
    pinned: false,
    markedUnread: false,
    isSpoken: false,
    hasNotified: false,
    joinedAt: at,
    invitedBy: null,
    endedAt: null,
  };
}

/** The collection itself, for the repositories of members alone. */
export function membersOf(connection: Connection): Collection<StoredMember> {
  return connection.collection<StoredMember>('members');
}
