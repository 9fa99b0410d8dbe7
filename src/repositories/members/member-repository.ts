import { type Collection, type Connection, Types } from 'mongoose';
import { memberReads, type MemberReads } from './member-reads.js';
import { isDuplicateKey } from '../concerns.js';
import {
  crowdedOf,
  memberSchema,
  type MemberRow,
  membersOf,
  newMember,
  slotsOf,
  type FrozenReceipts,
} from './member-row.js';

export type { MemberRow } from './member-row.js';

/** A sender has read what he sent; `shownSeq` is how far others are shown it, 0 where he hides what he reads. */
export interface SenderReceipt {
  conversationId: string;
  userId: string;
  seq: number;
  shownSeq: number;
}

/** Which of the two marks is moved; reading moves both. */
export type ReceiptKind = 'read' | 'delivered';

/** Where a mark is moved, and which of the two others are shown. */
export interface ReceiptUpdate {
  kind: ReceiptKind;
  seq: number;
  shows: { delivered: boolean; read: boolean };
}

/** What a person sets for himself. */
export type MemberSettings = Partial<Pick<MemberRow, 'mutedUntil' | 'archived' | 'pinned' | 'markedUnread'>>;

/** The rows of members: named queries on lean rows, each served by an index. */
export interface MemberRepository extends MemberReads {
  /** Makes the row of somebody who is in a conversation from its creation; nothing if it is there. */
  ensureMember(
    conversationId: Types.ObjectId,
    userId: Types.ObjectId,
    founding: { isListed: boolean; at: Date },
  ): Promise<void>;
  /** Puts an empty conversation into the list; true if this call did. */
  list(conversationId: Types.ObjectId, userId: string): Promise<boolean>;
  raiseSent(receipts: readonly SenderReceipt[], isDurable: boolean): Promise<void>;
  /** Moves a mark forward; gives the row as it is then, null where the mark is there already. */
  raiseReceipt(id: Types.ObjectId, update: ReceiptUpdate): Promise<MemberRow | null>;
  /** Takes the own "unread" mark away; true if there was one. */
  clearMarkedUnread(id: Types.ObjectId): Promise<boolean>;
  change(id: Types.ObjectId, changes: MemberSettings): Promise<void>;
  /** Empties up to a number and takes the conversation out of the list; false if it is so already. */
  hide(id: Types.ObjectId, seq: number): Promise<boolean>;
  /** Before a message is hidden: too high costs a query, too low a wrong badge. */
  raiseHidden(id: Types.ObjectId, seq: number): Promise<void>;
  /** Counts a change that is written elsewhere; gives the new count, null where the membership has ended. */
  incrementRevision(id: Types.ObjectId): Promise<number | null>;
  /** Counts a change in some conversations of a person at once. */
  incrementRevisionsIn(userId: string, conversationIds: readonly Types.ObjectId[]): Promise<void>;
  /** Keeps where groups stand for a member who hides what he reads; nothing where it is kept. */
  freezeReceipts(
    userId: string,
    places: readonly { conversationId: Types.ObjectId; stood: FrozenReceipts }[],
  ): Promise<void>;
  /** Notes that members have been told of what is unread, where they have not read on since; `isSpoken` of all of it. */
  recordNotified(rows: readonly MemberRow[], hasUnreadNotification: boolean): Promise<void>;
  /** Nothing is unread any more of what they were told of. */
  clearUnreadNotification(ids: readonly Types.ObjectId[]): Promise<void>;
  /** Who of these people is in as many conversations as anybody can be in. */
  crowdedAmong(userIds: readonly string[]): Promise<Set<string>>;
  /** Forgets it, in all groups. */
  unfreezeReceipts(userId: string): Promise<void>;
}

/** Reading on ends what was told of as unread. */
const withoutUnreadNotification = { isSpoken: false, hasNotified: false };

/** Raises the marks of a sender to what he sent, where they are lower. */
function sentWrite({ conversationId, userId, seq, shownSeq }: SenderReceipt) {
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
        $set: { markedUnread: false, ...withoutUnreadNotification },
      },
    },
  };
}

type Members = Collection<MemberRow>;

/** What a mark changes: reading is delivery too, and what is marked is shown as far as its owner shows it. */
function receiptUpdate({ kind, seq, shows }: ReceiptUpdate) {
  const delivered = { deliveredSeq: seq, ...(shows.delivered ? { shownDeliveredSeq: seq } : {}) };
  if (kind === 'delivered') return { $max: delivered, $inc: { own: 1 } };
  const read = { readSeq: seq, ...(shows.read ? { shownReadSeq: seq } : {}) };
  return {
    $max: { ...delivered, ...read },
    $inc: { own: 1 },
    $set: { markedUnread: false, ...withoutUnreadNotification },
  };
}

type MemberWrites = Pick<
  MemberRepository,
  | 'raiseReceipt'
  | 'clearMarkedUnread'
  | 'change'
  | 'hide'
  | 'raiseHidden'
  | 'incrementRevision'
  | 'incrementRevisionsIn'
>;

/** What a person changes of his own row; every change counts in `own`. */
function memberWritesOf(members: Members): MemberWrites {
  return {
    raiseReceipt: (id, update) =>
      members.findOneAndUpdate(
        { _id: id, endedAt: null, [update.kind === 'read' ? 'readSeq' : 'deliveredSeq']: { $lt: update.seq } },
        receiptUpdate(update),
        { returnDocument: 'after' },
      ),
    async clearMarkedUnread(id) {
      const filter = { _id: id, endedAt: null, markedUnread: true };
      const result = await members.updateOne(filter, { $set: { markedUnread: false }, $inc: { own: 1 } });
      return result.modifiedCount === 1;
    },
    async change(id, changes) {
      await members.updateOne({ _id: id, endedAt: null }, { $set: changes, $inc: { own: 1 } });
    },
    async hide(id, seq) {
      const result = await members.updateOne(
        { _id: id, endedAt: null, $or: [{ clearedSeq: { $lt: seq } }, { isListed: true }] },
        { $set: { isListed: false, ...withoutUnreadNotification }, $max: { clearedSeq: seq }, $inc: { own: 1 } },
      );
      return result.modifiedCount === 1;
    },
    async raiseHidden(_id, seq) {
      await members.updateOne({ _id, endedAt: null, lastHiddenSeq: { $lt: seq } }, { $max: { lastHiddenSeq: seq } });
    },
    async incrementRevision(_id) {
      const options = { returnDocument: 'after', projection: { own: 1 } } as const;
      const row = await members.findOneAndUpdate({ _id, endedAt: null }, { $inc: { own: 1 } }, options);
      return row?.own ?? null;
    },
    async incrementRevisionsIn(userId, conversationIds) {
      const filter = { conversationId: { $in: [...conversationIds] }, userId: new Types.ObjectId(userId) };
      await members.updateMany({ ...filter, endedAt: null }, { $inc: { own: 1 } });
    },
  };
}

/** What is kept on the row of a member of what he is shown and told. */
function keptWritesOf(
  members: Members,
): Pick<MemberRepository, 'freezeReceipts' | 'unfreezeReceipts' | 'recordNotified' | 'clearUnreadNotification'> {
  return {
    async freezeReceipts(userId, places) {
      if (places.length === 0) return;
      const writes = places.map(({ conversationId, stood: frozenReceipts }) => ({
        updateOne: {
          filter: { conversationId, userId: new Types.ObjectId(userId), endedAt: null, stood: null },
          update: { $set: { stood: frozenReceipts }, $inc: { own: 1 } },
        },
      }));
      await members.bulkWrite(writes, { ordered: false });
    },
    async recordNotified(rows, hasUnreadNotification) {
      if (rows.length === 0) return;
      const writes = rows.map(({ _id, readSeq, clearedSeq }) => ({
        updateOne: {
          filter: { _id, readSeq, clearedSeq, endedAt: null },
          update: {
            $set: { hasNotified: true, ...(hasUnreadNotification ? { isSpoken: hasUnreadNotification } : {}) },
          },
        },
      }));
      await members.bulkWrite(writes, { ordered: false });
    },
    async clearUnreadNotification(ids) {
      await members.updateMany({ _id: { $in: [...ids] } }, { $set: { isSpoken: false } });
    },
    async unfreezeReceipts(userId) {
      const filter = { userId: new Types.ObjectId(userId), isGroup: true, endedAt: null, stood: { $ne: null } };
      await members.updateMany(filter, { $set: { stood: null }, $inc: { own: 1 } });
    },
  };
}

/** Gives the rows of members on one connection. */
export function createMemberRepository(connection: Connection): MemberRepository {
  connection.model<MemberRow>('Member', memberSchema, 'members');
  const members = membersOf(connection);
  const nextCursorIndex = slotsOf(connection);

  return {
    ...memberReads(members),
    ...memberWritesOf(members),
    ...keptWritesOf(members),
    crowdedAmong: crowdedOf(connection),
    async ensureMember(conversationId, userId, { isListed, at }) {
      for (;;) {
        const isThere = await members.findOne({ conversationId, userId, endedAt: null });
        if (isThere) return;
        const row = { ...newMember(conversationId, userId, at), isListed, slot: await nextCursorIndex(userId) };
        try {
          await members.insertOne(row);
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
      );
      return result.modifiedCount === 1;
    },
    async raiseSent(receipts, isDurable) {
      if (receipts.length === 0) return;
      await members.bulkWrite(receipts.map(sentWrite), {
        ordered: false,
        ...(isDurable ? {} : { writeConcern: { w: 'majority' } }),
      });
    },
  };
}
