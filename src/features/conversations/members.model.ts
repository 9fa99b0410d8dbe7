import mongoose, { type Connection, Types } from 'mongoose';

/** One person in one conversation, from joining to leaving. */
export interface MemberRow {
  _id: Types.ObjectId;
  conversationId: Types.ObjectId;
  userId: Types.ObjectId;
  /** A number that no other row of this person has or had. */
  slot: number;
  state: 'active';
  role: 'member';
  readSeq: number;
  deliveredSeq: number;
  /** What others are shown of the two marks. */
  shownReadSeq: number;
  shownDeliveredSeq: number;
  joinedSeq: number;
  clearedSeq: number;
  /** At or above the last message that he has hidden for himself. */
  lastHiddenSeq: number;
  /** Counts all changes of this row. */
  own: number;
  /** Whether an empty conversation is in the list: for who opened it. */
  isListed: boolean;
  mutedUntil: Date | null;
  archived: boolean;
  pinned: boolean;
  markedUnread: boolean;
  joinedAt: Date;
  invitedBy: Types.ObjectId | null;
  endedAt: Date | null;
}

const id = { type: mongoose.Schema.Types.ObjectId, required: true };
const number = { type: Number, default: 0 };
const flag = { type: Boolean, default: false };

const schema = new mongoose.Schema<MemberRow>(
  {
    conversationId: id,
    userId: id,
    slot: { type: Number, required: true },
    state: { type: String, required: true },
    role: { type: String, required: true },
    readSeq: number,
    deliveredSeq: number,
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
    joinedAt: { type: Date, required: true },
    invitedBy: { type: mongoose.Schema.Types.ObjectId, default: null },
    endedAt: { type: Date, default: null },
  },
  { versionKey: false },
);
schema.index({ conversationId: 1, userId: 1 }, { unique: true, partialFilterExpression: { endedAt: null } });
schema.index({ userId: 1, slot: 1 }, { unique: true });

interface SlotRow {
  /** The person. */
  _id: Types.ObjectId;
  last: number;
}

/** A sender has read what he sent. */
export interface SentMark {
  conversationId: string;
  userId: string;
  seq: number;
}

/** Which of the two marks is moved; reading moves both. */
export type MarkKind = 'read' | 'delivered';

/** What a person sets for himself. */
export type OwnChanges = Partial<Pick<MemberRow, 'mutedUntil' | 'archived' | 'pinned' | 'markedUnread'>>;

/** The rows of members: named queries on lean rows, each served by an index. */
export interface MemberRows {
  /** Makes the row of somebody who is in a conversation from its creation; nothing if it is there. */
  found(
    conversationId: Types.ObjectId,
    userId: Types.ObjectId,
    founding: { isListed: boolean; at: Date },
  ): Promise<void>;
  /** Puts an empty conversation into the list; true if this call did. */
  list(conversationId: Types.ObjectId, userId: string): Promise<boolean>;
  /** Everybody who is in a conversation (a direct one: at most two). */
  of(conversationId: string): Promise<MemberRow[]>;
  ofAll(conversationIds: readonly Types.ObjectId[]): Promise<MemberRow[]>;
  ofUser(userId: string): Promise<MemberRow[]>;
  /** The conversations that these rows of a person, present or ended, are of. */
  conversationsOfSlots(userId: string, slots: readonly number[]): Promise<string[]>;
  /** Everybody who is in one of these conversations, each once. */
  peopleOf(conversationIds: readonly Types.ObjectId[]): Promise<string[]>;
  raiseSent(marks: readonly SentMark[], isDurable: boolean): Promise<void>;
  /** Moves a mark forward; gives the row as it is then, null where the mark is there already. */
  mark(id: Types.ObjectId, kind: MarkKind, seq: number): Promise<MemberRow | null>;
  /** Takes the own "unread" mark away; true if there was one. */
  clearUnreadMark(id: Types.ObjectId): Promise<boolean>;
  change(id: Types.ObjectId, changes: OwnChanges): Promise<void>;
  /** Empties up to a number and takes the conversation out of the list; false if it is so already. */
  hide(id: Types.ObjectId, seq: number): Promise<boolean>;
  /** Before a message is hidden: too high costs a query, too low a wrong badge. */
  raiseHidden(id: Types.ObjectId, seq: number): Promise<void>;
  /** Counts a change that is written elsewhere; gives the new count, null where the membership has ended. */
  countOwn(id: Types.ObjectId): Promise<number | null>;
  /** Who of a conversation cannot see a message of this number: he joined later or has emptied it. */
  blindTo(conversationId: Types.ObjectId, seq: number): Promise<string[]>;
}

const majority = { readConcern: { level: 'majority' }, readPreference: 'primary' } as const;

function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 11000;
}

const durable = { writeConcern: { w: 'majority', journal: true } } as const;

/** Numbers the rows of each person 1, 2, 3 …; a number that was given is never given again. */
function slotsOf(connection: Connection): (userId: Types.ObjectId) => Promise<number> {
  const slots = connection.collection<SlotRow>('slots');
  return async (userId) => {
    for (;;) {
      try {
        const row = await slots.findOneAndUpdate(
          { _id: userId },
          { $inc: { last: 1 } },
          { upsert: true, returnDocument: 'after', ...durable },
        );
        if (row) return row.last;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  };
}

/** The row of somebody who is in a conversation from its creation. */
function founder(conversationId: Types.ObjectId, userId: Types.ObjectId, at: Date): Omit<MemberRow, 'slot'> {
  return {
    _id: new Types.ObjectId(),
    conversationId,
    userId,
    state: 'active',
    role: 'member',
    readSeq: 0,
    deliveredSeq: 0,
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
    joinedAt: at,
    invitedBy: null,
    endedAt: null,
  };
}

/** Raises the marks of a sender to what he sent, where they are lower. */
function sentWrite({ conversationId, userId, seq }: SentMark) {
  return {
    updateOne: {
      filter: {
        conversationId: new Types.ObjectId(conversationId),
        userId: new Types.ObjectId(userId),
        endedAt: null,
        readSeq: { $lt: seq },
      },
      update: {
        $max: { readSeq: seq, deliveredSeq: seq, shownReadSeq: seq, shownDeliveredSeq: seq },
        $inc: { own: 1 },
        $set: { markedUnread: false },
      },
    },
  };
}

type Members = ReturnType<typeof collectionOf>;

function collectionOf(connection: Connection) {
  return connection.collection<MemberRow>('members');
}

type MemberReads = Pick<MemberRows, 'conversationsOfSlots' | 'of' | 'ofAll' | 'ofUser' | 'peopleOf' | 'blindTo'>;

/** The queries that change nothing. */
function readsOf(members: Members): MemberReads {
  const present = (filter: object, sort: Record<string, 1>): Promise<MemberRow[]> =>
    members
      .find({ ...filter, endedAt: null }, majority)
      .sort(sort)
      .toArray();
  return {
    of: (conversationId) => present({ conversationId: new Types.ObjectId(conversationId) }, { userId: 1 }),
    ofAll: (conversationIds) =>
      present({ conversationId: { $in: [...conversationIds] } }, { conversationId: 1, userId: 1 }),
    ofUser: (userId) => present({ userId: new Types.ObjectId(userId) }, { slot: 1 }),
    async conversationsOfSlots(userId, slots) {
      if (slots.length === 0) return [];
      const filter = { userId: new Types.ObjectId(userId), slot: { $in: [...slots] } };
      const rows = await members.find(filter, { projection: { conversationId: 1 }, ...majority }).toArray();
      return rows.map(({ conversationId }) => String(conversationId));
    },
    async blindTo(conversationId, seq) {
      const isBlind = [{ joinedSeq: { $gte: seq } }, { clearedSeq: { $gte: seq } }];
      const options = { projection: { userId: 1 }, ...majority };
      const rows = await members.find({ conversationId, endedAt: null, $or: isBlind }, options).toArray();
      return rows.map(({ userId }) => String(userId));
    },
    async peopleOf(conversationIds) {
      const filter = { conversationId: { $in: [...conversationIds] }, endedAt: null };
      return (await members.distinct('userId', filter)).map(String);
    },
  };
}

/** What a mark changes: reading is delivery too, and what is marked is shown. */
function markUpdate(kind: MarkKind, seq: number) {
  const delivered = { deliveredSeq: seq, shownDeliveredSeq: seq };
  if (kind === 'delivered') return { $max: delivered, $inc: { own: 1 } };
  return { $max: { ...delivered, readSeq: seq, shownReadSeq: seq }, $inc: { own: 1 }, $set: { markedUnread: false } };
}

type OwnWrites = Pick<MemberRows, 'mark' | 'clearUnreadMark' | 'change' | 'hide' | 'raiseHidden' | 'countOwn'>;

/** What a person changes of his own row; every change counts in `own`. */
function ownWritesOf(members: Members): OwnWrites {
  return {
    mark: (id, kind, seq) =>
      members.findOneAndUpdate(
        { _id: id, endedAt: null, [kind === 'read' ? 'readSeq' : 'deliveredSeq']: { $lt: seq } },
        markUpdate(kind, seq),
        { returnDocument: 'after', ...durable },
      ),
    async clearUnreadMark(id) {
      const filter = { _id: id, endedAt: null, markedUnread: true };
      const result = await members.updateOne(filter, { $set: { markedUnread: false }, $inc: { own: 1 } }, durable);
      return result.modifiedCount === 1;
    },
    async change(id, changes) {
      await members.updateOne({ _id: id, endedAt: null }, { $set: changes, $inc: { own: 1 } }, durable);
    },
    async hide(id, seq) {
      const result = await members.updateOne(
        { _id: id, endedAt: null, $or: [{ clearedSeq: { $lt: seq } }, { isListed: true }] },
        { $set: { isListed: false }, $max: { clearedSeq: seq }, $inc: { own: 1 } },
        durable,
      );
      return result.modifiedCount === 1;
    },
    async raiseHidden(_id, seq) {
      await members.updateOne(
        { _id, endedAt: null, lastHiddenSeq: { $lt: seq } },
        { $max: { lastHiddenSeq: seq } },
        durable,
      );
    },
    async countOwn(_id) {
      const options = { returnDocument: 'after', projection: { own: 1 }, ...durable } as const;
      const row = await members.findOneAndUpdate({ _id, endedAt: null }, { $inc: { own: 1 } }, options);
      return row?.own ?? null;
    },
  };
}

/** Gives the rows of members on one connection. */
export function membersModel(connection: Connection): MemberRows {
  connection.model<MemberRow>('Member', schema, 'members');
  const members = collectionOf(connection);
  const nextSlot = slotsOf(connection);

  return {
    ...readsOf(members),
    ...ownWritesOf(members),
    async found(conversationId, userId, { isListed, at }) {
      const isThere = await members.findOne({ conversationId, userId, endedAt: null }, majority);
      if (isThere) return;
      const row = { ...founder(conversationId, userId, at), isListed, slot: await nextSlot(userId) };
      try {
        await members.insertOne(row, durable);
      } catch (error) {
        // Somebody else who finishes the same conversation was faster; the slot stays unused.
        if (!isDuplicateKey(error)) throw error;
      }
    },
    async list(conversationId, userId) {
      const result = await members.updateOne(
        { conversationId, userId: new Types.ObjectId(userId), endedAt: null, isListed: false },
        { $set: { isListed: true }, $inc: { own: 1 } },
        durable,
      );
      return result.modifiedCount === 1;
    },
    async raiseSent(marks, isDurable) {
      if (marks.length === 0) return;
      await members.bulkWrite(marks.map(sentWrite), {
        ordered: false,
        writeConcern: { w: 'majority', ...(isDurable ? { journal: true } : {}) },
      });
    },
  };
}
