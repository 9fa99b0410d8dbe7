import { toId, toIds, toRow } from '../ids.js';
import { type Collection, type Connection } from 'mongoose';
import { type MemberStateWrites, stateWritesOf } from './member-state-writes.js';
import { memberReads, type MemberReads } from './member-reads.js';
import { isDuplicateKey } from '../errors.js';
import {
  crowdedOf,
  memberSchema,
  type MemberRow,
  type StoredMember,
  membersOf,
  newMember,
  cursorIndexesOf,
} from './member-row.js';

export type { MemberRow } from './member-row.js';

/** Senders have read what they send; `shownSeq` is how far others are shown that, 0 if the sender hides their reading. */
export interface SenderReceipt {
  conversationId: string;
  userId: string;
  seq: number;
  shownSeq: number;
}

/** The receipt that moves; reading moves both. */
export type ReceiptKind = 'read' | 'delivered';

/** A new receipt, and which of the two others are shown. */
export interface ReceiptUpdate {
  kind: ReceiptKind;
  seq: number;
  shows: { delivered: boolean; read: boolean };
}

export type MemberSettings = Partial<Pick<MemberRow, 'mutedUntil' | 'archived' | 'pinned' | 'markedUnread'>>;

/** Members: named queries on lean rows, each served by an index. */
export interface MemberRepository extends MemberReads, MemberStateWrites {
  /** Creates the row of a founding member; does nothing if the user has one. */
  ensureMember(conversationId: string, userId: string, founding: { isListed: boolean; at: Date }): Promise<void>;
  /** Puts an empty conversation into the user's list; true if this call did. */
  list(conversationId: string, userId: string): Promise<boolean>;
  raiseSent(receipts: readonly SenderReceipt[], isDurable: boolean): Promise<void>;
  /** Moves a receipt forward and returns the new row; null if the receipt is there already. */
  raiseReceipt(id: string, update: ReceiptUpdate): Promise<MemberRow | null>;
  /** Clears `markedUnread`; true if it was set. */
  clearMarkedUnread(id: string): Promise<boolean>;
  change(id: string, changes: MemberSettings): Promise<void>;
  /** Empties up to a `seq` and takes the conversation out of the list; false if both are so already. */
  hide(id: string, seq: number): Promise<boolean>;
  /** Called before a message is hidden: a value too high costs a query, one too low a wrong badge. */
  raiseHidden(id: string, seq: number): Promise<void>;
  /** Increments the member revision for a change that is stored elsewhere and returns it; null if the membership has ended. */
  incrementRevision(id: string): Promise<number | null>;
  /** Increments the member revisions of a user in these conversations at once. */
  incrementRevisionsIn(userId: string, conversationIds: readonly string[]): Promise<void>;
  /** Those of these users who are in as many conversations as a user can be in. */
  crowdedAmong(userIds: readonly string[]): Promise<Set<string>>;
}

/** Reading on ends notifications of unread messages. */
const withoutUnreadNotification = { isSpoken: false, hasNotified: false };

/** Raises lower receipts of a sender to the message they sent. */
function sentWrite({ conversationId, userId, seq, shownSeq }: SenderReceipt) {
  return {
    updateOne: {
      filter: {
        conversationId: toId(conversationId),
        userId: toId(userId),
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

type Members = Collection<StoredMember>;

/** Reading includes delivery, and each receipt is shown to others only as far as its owner allows. */
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

/** The changes that users make to their own rows; each increments `own`, the member revision. */
function memberWritesOf(members: Members): MemberWrites {
  return {
    async raiseReceipt(id, update) {
      const field = update.kind === 'read' ? 'readSeq' : 'deliveredSeq';
      const filter = { _id: toId(id), endedAt: null, [field]: { $lt: update.seq } };
      return toRow(await members.findOneAndUpdate(filter, receiptUpdate(update), { returnDocument: 'after' }));
    },
    async clearMarkedUnread(id) {
      const filter = { _id: toId(id), endedAt: null, markedUnread: true };
      const result = await members.updateOne(filter, { $set: { markedUnread: false }, $inc: { own: 1 } });
      return result.modifiedCount === 1;
    },
    async change(id, changes) {
      await members.updateOne({ _id: toId(id), endedAt: null }, { $set: changes, $inc: { own: 1 } });
    },
    async hide(id, seq) {
      const result = await members.updateOne(
        { _id: toId(id), endedAt: null, $or: [{ clearedSeq: { $lt: seq } }, { isListed: true }] },
        { $set: { isListed: false, ...withoutUnreadNotification }, $max: { clearedSeq: seq }, $inc: { own: 1 } },
      );
      return result.modifiedCount === 1;
    },
    async raiseHidden(id, seq) {
      const filter = { _id: toId(id), endedAt: null, lastHiddenSeq: { $lt: seq } };
      await members.updateOne(filter, { $max: { lastHiddenSeq: seq } });
    },
    async incrementRevision(id) {
      const options = { returnDocument: 'after', projection: { own: 1 } } as const;
      const row = await members.findOneAndUpdate({ _id: toId(id), endedAt: null }, { $inc: { own: 1 } }, options);
      return row?.own ?? null;
    },
    async incrementRevisionsIn(userId, conversationIds) {
      const filter = { conversationId: { $in: toIds(conversationIds) }, userId: toId(userId) };
      await members.updateMany({ ...filter, endedAt: null }, { $inc: { own: 1 } });
    },
  };
}

export function createMemberRepository(connection: Connection): MemberRepository {
  connection.model<StoredMember>('Member', memberSchema, 'members');
  const members = membersOf(connection);
  const nextCursorIndex = cursorIndexesOf(connection);

  return {
    ...memberReads(members),
    ...memberWritesOf(members),
    ...stateWritesOf(members),
    crowdedAmong: crowdedOf(connection),
    async ensureMember(conversationId, userId, { isListed, at }) {
      const row = { ...newMember(conversationId, userId, at), isListed };
      for (;;) {
        const key = { conversationId: row.conversationId, userId: row.userId };
        const isThere = await members.findOne({ ...key, endedAt: null });
        if (isThere) return;
        const cursorIndex = await nextCursorIndex(userId);
        try {
          await members.insertOne({ ...row, slot: cursorIndex });
        } catch (error) {
          // Looked up again: another process that completes the same conversation may have been faster, or not.
          if (!isDuplicateKey(error)) throw error;
        }
      }
    },
    async list(conversationId, userId) {
      const result = await members.updateOne(
        { conversationId: toId(conversationId), userId: toId(userId), endedAt: null, isListed: false },
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
