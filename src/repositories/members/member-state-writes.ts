import type { Collection } from 'mongoose';
import { createBatch } from '../../kernel/batch.js';
import { toId, toIds } from '../ids.js';
import type { FrozenReceipts, MemberRow, StoredMember } from './member-row.js';

/** The writes of frozen receipts and notification states. */
export interface MemberStateWrites {
  /** Freezes the receipts of groups for a member who hides their reading; leaves frozen ones as they are. */
  freezeReceipts(
    userId: string,
    places: readonly { conversationId: string; frozenReceipts: FrozenReceipts }[],
  ): Promise<void>;
  /**
   * Records that members have notifications, unless they have read on since. `hasUnreadNotification` if one covers all
   * unread messages.
   */
  recordNotified(rows: readonly MemberRow[], hasUnreadNotification: boolean): Promise<void>;
  /** Records that the members have no notification of unread messages any more. */
  clearUnreadNotification(ids: readonly string[]): Promise<void>;
  /** Discards the frozen receipts of a user in all groups. */
  unfreezeReceipts(userId: string): Promise<void>;
}

/** Members who have notifications now. */
interface Notified {
  rows: readonly MemberRow[];
  hasUnreadNotification: boolean;
}

export function stateWritesOf(members: Collection<StoredMember>): MemberStateWrites {
  /** A call may hold the members of a large group. */
  const maxRecorded = 20;
  const recordAll = createBatch<Notified, void>(async (calls) => {
    const writes = calls.flatMap(({ rows, hasUnreadNotification }) =>
      rows.map(({ _id, readSeq, clearedSeq }) => ({
        updateOne: {
          filter: { _id: toId(_id), readSeq, clearedSeq, endedAt: null },
          update: { $set: { hasNotified: true, ...(hasUnreadNotification ? { isSpoken: true } : {}) } },
        },
      })),
    );
    await members.bulkWrite(writes, { ordered: false });
    return [];
  }, maxRecorded);

  return {
    async freezeReceipts(userId, places) {
      if (places.length === 0) return;
      const writes = places.map(({ conversationId, frozenReceipts }) => ({
        updateOne: {
          filter: { conversationId: toId(conversationId), userId: toId(userId), endedAt: null, stood: null },
          update: { $set: { stood: frozenReceipts }, $inc: { own: 1 } },
        },
      }));
      await members.bulkWrite(writes, { ordered: false });
    },
    async recordNotified(rows, hasUnreadNotification) {
      if (rows.length > 0) await recordAll({ rows, hasUnreadNotification });
    },
    async clearUnreadNotification(ids) {
      await members.updateMany({ _id: { $in: toIds(ids) } }, { $set: { isSpoken: false } });
    },
    async unfreezeReceipts(userId) {
      const filter = { userId: toId(userId), isGroup: true, endedAt: null, stood: { $ne: null } };
      await members.updateMany(filter, { $set: { stood: null }, $inc: { own: 1 } });
    },
  };
}
