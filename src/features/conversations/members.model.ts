import { type Collection, type Connection, Types } from 'mongoose';
import { memberReads, type MemberReads } from './member-reads.model.js';
import { durable, isDuplicateKey, majority } from '../../drivers/concerns.js';
import {
  crowdedOf,
  memberSchema,
  type MemberRow,
  membersOf,
  newMember,
  slotsOf,
  type Stood,
} from './member-row.model.js';

export type { MemberRow } from './member-row.model.js';

/** A sender has read what he sent; `shownSeq` is how far others are shown it, 0 where he hides what he reads. */
export interface SentMark {
  conversationId: string;
  userId: string;
  seq: number;
  shownSeq: number;
}

/** Which of the two marks is moved; reading moves both. */
export type MarkKind = 'read' | 'delivered';

/** Where a mark is moved, and which of the two others are shown. */
export interface Mark {
  kind: MarkKind;
  seq: number;
  shows: { delivered: boolean; read: boolean };
}

/** What a person sets for himself. */
export type OwnChanges = Partial<Pick<MemberRow, 'mutedUntil' | 'archived' | 'pinned' | 'markedUnread'>>;

/** The rows of members: named queries on lean rows, each served by an index. */
export interface MemberRows extends MemberReads {
  /** Makes the row of somebody who is in a conversation from its creation; nothing if it is there. */
  found(
    conversationId: Types.ObjectId,
    userId: Types.ObjectId,
    founding: { isListed: boolean; at: Date },
  ): Promise<void>;
  /** Puts an empty conversation into the list; true if this call did. */
  list(conversationId: Types.ObjectId, userId: string): Promise<boolean>;
  raiseSent(marks: readonly SentMark[], isDurable: boolean): Promise<void>;
  /** Moves a mark forward; gives the row as it is then, null where the mark is there already. */
  mark(id: Types.ObjectId, mark: Mark): Promise<MemberRow | null>;
  /** Takes the own "unread" mark away; true if there was one. */
  clearUnreadMark(id: Types.ObjectId): Promise<boolean>;
  change(id: Types.ObjectId, changes: OwnChanges): Promise<void>;
  /** Empties up to a number and takes the conversation out of the list; false if it is so already. */
  hide(id: Types.ObjectId, seq: number): Promise<boolean>;
  /** Before a message is hidden: too high costs a query, too low a wrong badge. */
  raiseHidden(id: Types.ObjectId, seq: number): Promise<void>;
  /** Counts a change that is written elsewhere; gives the new count, null where the membership has ended. */
  countOwn(id: Types.ObjectId): Promise<number | null>;
  /** Counts a change in some conversations of a person at once. */
  countOwnIn(userId: string, conversationIds: readonly Types.ObjectId[]): Promise<void>;
  /** Keeps where groups stand for a member who hides what he reads; nothing where it is kept. */
  stand(userId: string, places: readonly { conversationId: Types.ObjectId; stood: Stood }[]): Promise<void>;
  /** Notes that members have been told of what is unread, where they have not read on since; `isSpoken` of all of it. */
  noteNotified(rows: readonly MemberRow[], isSpoken: boolean): Promise<void>;
  /** Nothing is unread any more of what they were told of. */
  unspeak(ids: readonly Types.ObjectId[]): Promise<void>;
  /** Who of these people is in as many conversations as anybody can be in. */
  crowdedAmong(userIds: readonly string[]): Promise<Set<string>>;
  /** Forgets it, in all groups. */
  unstand(userId: string): Promise<void>;
}

/** Reading on ends what was told of as unread. */
const unspoken = { isSpoken: false, hasNotified: false };

/** Raises the marks of a sender to what he sent, where they are lower. */
function sentWrite({ conversationId, userId, seq, shownSeq }: SentMark) {
  return {
    updateOne: {
      filter: {
        conversationId: new Types.ObjectId(conversationId),
        userId: new Types.ObjectId(userId),
        endedAt: null,
        readSeq: { $lt: seq },
      },
      update: {
        $max: { readSeq: seq, deliveredSeq: seq, shownReadSeq: shownSeq, shownDeliveredSeq: seq },
        $inc: { own: 1 },
        $set: { markedUnread: false, ...unspoken },
      },
    },
  };
}

type Members = Collection<MemberRow>;

/** What a mark changes: reading is delivery too, and what is marked is shown as far as its owner shows it. */
function markUpdate({ kind, seq, shows }: Mark) {
  const delivered = { deliveredSeq: seq, ...(shows.delivered ? { shownDeliveredSeq: seq } : {}) };
  if (kind === 'delivered') return { $max: delivered, $inc: { own: 1 } };
  const read = { readSeq: seq, ...(shows.read ? { shownReadSeq: seq } : {}) };
  return { $max: { ...delivered, ...read }, $inc: { own: 1 }, $set: { markedUnread: false, ...unspoken } };
}

type OwnWrites = Pick<
  MemberRows,
  'mark' | 'clearUnreadMark' | 'change' | 'hide' | 'raiseHidden' | 'countOwn' | 'countOwnIn'
>;

/** What a person changes of his own row; every change counts in `own`. */
function ownWritesOf(members: Members): OwnWrites {
  return {
    mark: (id, mark) =>
      members.findOneAndUpdate(
        { _id: id, endedAt: null, [mark.kind === 'read' ? 'readSeq' : 'deliveredSeq']: { $lt: mark.seq } },
        markUpdate(mark),
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
        { $set: { isListed: false, ...unspoken }, $max: { clearedSeq: seq }, $inc: { own: 1 } },
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
    async countOwnIn(userId, conversationIds) {
      const filter = { conversationId: { $in: [...conversationIds] }, userId: new Types.ObjectId(userId) };
      await members.updateMany({ ...filter, endedAt: null }, { $inc: { own: 1 } }, durable);
    },
  };
}

/** What is kept on the row of a member of what he is shown and told. */
function keptWritesOf(members: Members): Pick<MemberRows, 'stand' | 'unstand' | 'noteNotified' | 'unspeak'> {
  return {
    async stand(userId, places) {
      if (places.length === 0) return;
      const writes = places.map(({ conversationId, stood }) => ({
        updateOne: {
          filter: { conversationId, userId: new Types.ObjectId(userId), endedAt: null, stood: null },
          update: { $set: { stood }, $inc: { own: 1 } },
        },
      }));
      await members.bulkWrite(writes, { ordered: false, ...durable });
    },
    async noteNotified(rows, isSpoken) {
      if (rows.length === 0) return;
      const writes = rows.map(({ _id, readSeq, clearedSeq }) => ({
        updateOne: {
          filter: { _id, readSeq, clearedSeq, endedAt: null },
          update: { $set: { hasNotified: true, ...(isSpoken ? { isSpoken } : {}) } },
        },
      }));
      await members.bulkWrite(writes, { ordered: false, ...durable });
    },
    async unspeak(ids) {
      await members.updateMany({ _id: { $in: [...ids] } }, { $set: { isSpoken: false } }, durable);
    },
    async unstand(userId) {
      const filter = { userId: new Types.ObjectId(userId), isGroup: true, endedAt: null, stood: { $ne: null } };
      await members.updateMany(filter, { $set: { stood: null }, $inc: { own: 1 } }, durable);
    },
  };
}

/** Gives the rows of members on one connection. */
export function membersModel(connection: Connection): MemberRows {
  connection.model<MemberRow>('Member', memberSchema, 'members');
  const members = membersOf(connection);
  const nextSlot = slotsOf(connection);

  return {
    ...memberReads(members),
    ...ownWritesOf(members),
    ...keptWritesOf(members),
    crowdedAmong: crowdedOf(connection),
    async found(conversationId, userId, { isListed, at }) {
      for (;;) {
        const isThere = await members.findOne({ conversationId, userId, endedAt: null }, majority);
        if (isThere) return;
        const row = { ...newMember(conversationId, userId, at), isListed, slot: await nextSlot(userId) };
        try {
          await members.insertOne(row, durable);
        } catch (error) {
          // Somebody else who finishes the same conversation may have been faster, or not: it is looked for again.
          if (!isDuplicateKey(error)) throw error;
        }
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
