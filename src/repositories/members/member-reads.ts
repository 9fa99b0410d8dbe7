import { type Collection, Types } from 'mongoose';

import type { MemberRow, FrozenReceipts } from './member-row.js';

/** Reads of members: named queries on lean rows, each served by an index. */
export interface MemberReads {
  /** The groups of these users, as one pair for each membership. */
  groupsOf(userIds: readonly string[]): Promise<{ userId: Types.ObjectId; conversationId: Types.ObjectId }[]>;
  /** All members of a conversation; at most two in a direct one. */
  of(conversationId: string): Promise<MemberRow[]>;
  /** Null if the user is not a member. */
  one(conversationId: string, userId: string): Promise<MemberRow | null>;
  /** The lowest receipts that the members of a group show; null if it has no members. */
  minShownReceipts(conversationId: Types.ObjectId): Promise<{ deliveredSeq: number; readSeq: number } | null>;
  /** A page of the members of a conversation, ordered by user id. */
  page(conversationId: Types.ObjectId, afterUserId: string | null, limit: number): Promise<MemberRow[]>;
  /** The rows of those users who are members. */
  among(conversationId: Types.ObjectId, userIds: readonly string[]): Promise<MemberRow[]>;
  /** The users whose list a conversation left when they emptied it up to a `seq`. */
  unlistedAt(conversationId: string, clearedSeq: number): Promise<string[]>;
  /** The other members of these direct conversations of a user. */
  othersIn(conversationIds: readonly Types.ObjectId[], userId: string): Promise<MemberRow[]>;
  ofUser(userId: string): Promise<MemberRow[]>;
  /** The rows of a user in these conversations. */
  ofUserIn(userId: string, conversationIds: readonly Types.ObjectId[]): Promise<MemberRow[]>;
  /** The conversations to which these cursor indexes of a user belong; the memberships may have ended. */
  conversationsOfCursorIndexes(userId: string, cursorIndexes: readonly number[]): Promise<string[]>;
  /** The members of these conversations, each once. */
  peopleOf(conversationIds: readonly Types.ObjectId[]): Promise<string[]>;
  /** The members with unread messages up to a head and no notification of them. */
  withoutUnreadNotificationIn(conversationId: Types.ObjectId, seq: number): Promise<MemberRow[]>;
  /** The members of a group who hide their reading, with their frozen receipts. */
  hidersIn(conversationId: Types.ObjectId): Promise<{ userId: Types.ObjectId; stood: FrozenReceipts }[]>;
  /** The members who cannot see the message with this `seq`, because they joined later or emptied the conversation. */
  cannotSee(conversationId: Types.ObjectId, seq: number): Promise<string[]>;
}

function groupsOf(members: Collection<MemberRow>, userIds: readonly string[]) {
  const userId = { $in: userIds.map((one) => new Types.ObjectId(one)) };
  const projection = { _id: 0, userId: 1, conversationId: 1 } as const;
  return members.find({ userId, isGroup: true, endedAt: null }, { projection }).toArray();
}

/** The lowest receipts that are shown, each found through its index. */
async function minShownReceipts(members: Collection<MemberRow>, conversationId: Types.ObjectId) {
  const lowest = (field: 'shownReadSeq' | 'shownDeliveredSeq') =>
    members.findOne({ conversationId, endedAt: null }, { sort: { [field]: 1 }, projection: { [field]: 1 } });
  const [read, delivered] = await Promise.all([lowest('shownReadSeq'), lowest('shownDeliveredSeq')]);
  return read && delivered ? { deliveredSeq: delivered.shownDeliveredSeq, readSeq: read.shownReadSeq } : null;
}

function hidersIn(members: Collection<MemberRow>, conversationId: Types.ObjectId) {
  const filter = { conversationId, 'stood.readSeq': { $type: 'number' as const }, endedAt: null };
  const options = { projection: { _id: 0, userId: 1, stood: 1 } } as const;
  return members.find(filter, options).toArray() as Promise<{ userId: Types.ObjectId; stood: FrozenReceipts }[]>;
}

/** The reads for notifications. */
function notificationReads(
  members: Collection<MemberRow>,
): Pick<MemberReads, 'withoutUnreadNotificationIn' | 'ofUserIn'> {
  return {
    withoutUnreadNotificationIn: (conversationId, seq) =>
      members
        .find({ conversationId, readSeq: { $lt: seq }, endedAt: null, isSpoken: false })
        .sort({ readSeq: 1 })
        .toArray(),
    ofUserIn(userId, conversationIds) {
      const key = { conversationId: { $in: [...conversationIds] }, userId: new Types.ObjectId(userId) };
      return members.find({ ...key, endedAt: null }).toArray();
    },
  };
}

export function memberReads(members: Collection<MemberRow>): MemberReads {
  const present = (filter: object, sort: Record<string, 1>): Promise<MemberRow[]> =>
    members
      .find({ ...filter, endedAt: null })
      .sort(sort)
      .toArray();
  return {
    of: (conversationId) => present({ conversationId: new Types.ObjectId(conversationId) }, { userId: 1 }),
    one: (conversationId, userId) => {
      const key = { conversationId: new Types.ObjectId(conversationId), userId: new Types.ObjectId(userId) };
      return members.findOne({ ...key, endedAt: null });
    },
    groupsOf: (userIds) => groupsOf(members, userIds),
    minShownReceipts: (conversationId) => minShownReceipts(members, conversationId),
    page: (conversationId, afterUserId, limit) =>
      members
        .find({
          conversationId,
          endedAt: null,
          ...(afterUserId ? { userId: { $gt: new Types.ObjectId(afterUserId) } } : {}),
        })
        .sort({ userId: 1 })
        .limit(limit)
        .toArray(),
    among: (conversationId, userIds) =>
      present({ conversationId, userId: { $in: userIds.map((one) => new Types.ObjectId(one)) } }, { userId: 1 }),
    async unlistedAt(conversationId, clearedSeq) {
      const place = { conversationId: new Types.ObjectId(conversationId), isListed: false, clearedSeq };
      const rows = await present(place, { userId: 1 });
      return rows.map(({ userId }) => String(userId));
    },
    othersIn(conversationIds, userId) {
      const filter = { conversationId: { $in: [...conversationIds] }, userId: { $ne: new Types.ObjectId(userId) } };
      return members.find({ ...filter, endedAt: null }).toArray();
    },
    ofUser: (userId) => present({ userId: new Types.ObjectId(userId) }, { slot: 1 }),
    async conversationsOfCursorIndexes(userId, cursorIndexes) {
      if (cursorIndexes.length === 0) return [];
      const filter = { userId: new Types.ObjectId(userId), slot: { $in: [...cursorIndexes] } };
      const rows = await members.find(filter, { projection: { conversationId: 1 } }).toArray();
      return rows.map(({ conversationId }) => String(conversationId));
    },
    async cannotSee(conversationId, seq) {
      const cannotSee = [{ joinedSeq: { $gte: seq } }, { clearedSeq: { $gte: seq } }];
      const options = { projection: { userId: 1 } };
      const rows = await members.find({ conversationId, endedAt: null, $or: cannotSee }, options).toArray();
      return rows.map(({ userId }) => String(userId));
    },
    ...notificationReads(members),
    hidersIn: (conversationId) => hidersIn(members, conversationId),
    async peopleOf(conversationIds) {
      const filter = { conversationId: { $in: [...conversationIds] }, endedAt: null };
      return (await members.distinct('userId', filter)).map(String);
    },
  };
}
