import { createBatch, createBatchedRead } from '../../kernel/batch.js';
import { groupBy } from '../../kernel/group-by.js';
import { toId, toIds, toRow } from '../ids.js';
import { type Collection } from 'mongoose';

import type { MemberRow, FrozenReceipts, StoredMember } from './member-row.js';

/** Reads of members: named queries on lean rows, each served by an index. */
export interface MemberReads {
  /** The groups of these users, as one pair for each membership. */
  groupsOf(userIds: readonly string[]): Promise<{ userId: string; conversationId: string }[]>;
  /** All members of a conversation; at most two in a direct one. */
  of(conversationId: string): Promise<MemberRow[]>;
  /** Null if the user is not a member. */
  one(conversationId: string, userId: string): Promise<MemberRow | null>;
  /** The lowest receipts that the members of a group show; null if it has no members. */
  minShownReceipts(conversationId: string): Promise<{ deliveredSeq: number; readSeq: number } | null>;
  /** A page of the members of a conversation, ordered by user id. */
  page(conversationId: string, afterUserId: string | null, limit: number): Promise<MemberRow[]>;
  /** The rows of those users who are members. */
  among(conversationId: string, userIds: readonly string[]): Promise<MemberRow[]>;
  /** The users whose list a conversation left when they emptied it up to a `seq`. */
  unlistedAt(conversationId: string, clearedSeq: number): Promise<string[]>;
  /** The other members of these direct conversations of a user. */
  othersIn(conversationIds: readonly string[], userId: string): Promise<MemberRow[]>;
  ofUser(userId: string): Promise<MemberRow[]>;
  /** The conversations that a user is or was in, ordered by id. */
  conversationsEverOf(userId: string): Promise<string[]>;
  /** The rows of a user in these conversations. */
  ofUserIn(userId: string, conversationIds: readonly string[]): Promise<MemberRow[]>;
  /** The conversations to which these cursor indexes of a user belong; the memberships may have ended. */
  conversationsByCursorIndex(userId: string, cursorIndexes: readonly number[]): Promise<string[]>;
  /** The members of these conversations, each once. */
  peopleOf(conversationIds: readonly string[]): Promise<string[]>;
  /** The members with unread messages up to a head and no notification of them; those who have read least first. */
  withoutUnreadNotificationIn(head: { conversationId: string; seq: number }): Promise<MemberRow[]>;
  /** The members of a group who hide their reading, with their frozen receipts. */
  hidersIn(conversationId: string): Promise<{ userId: string; stood: FrozenReceipts }[]>;
  /** The members who cannot see the message with this `seq`, because they joined later or emptied the conversation. */
  cannotSee(conversationId: string, seq: number): Promise<string[]>;
}

function groupsOf(members: Collection<StoredMember>, userIds: readonly string[]) {
  const userId = { $in: toIds(userIds) };
  const projection = { _id: 0, userId: 1, conversationId: 1 } as const;
  return members.find({ userId, isGroup: true, endedAt: null }, { projection }).map(toRow).toArray();
}

/** The lowest receipts that are shown, each found through its index. */
async function minShownReceipts(members: Collection<StoredMember>, id: string) {
  const conversationId = toId(id);
  const lowest = (field: 'shownReadSeq' | 'shownDeliveredSeq') =>
    members.findOne({ conversationId, endedAt: null }, { sort: { [field]: 1 }, projection: { [field]: 1 } });
  const [read, delivered] = await Promise.all([lowest('shownReadSeq'), lowest('shownDeliveredSeq')]);
  return read && delivered ? { deliveredSeq: delivered.shownDeliveredSeq, readSeq: read.shownReadSeq } : null;
}

function hidersIn(members: Collection<StoredMember>, conversationId: string) {
  const filter = { conversationId: toId(conversationId), 'stood.readSeq': { $type: 'number' as const }, endedAt: null };
  const options = { projection: { _id: 0, userId: 1, stood: 1 } } as const;
  return members.find(filter, options).map(toRow).toArray() as Promise<{ userId: string; stood: FrozenReceipts }[]>;
}

const conversationOf = ({ conversationId }: MemberRow): string => conversationId;

/** The reads for notifications. */
function notificationReads(
  members: Collection<StoredMember>,
): Pick<MemberReads, 'withoutUnreadNotificationIn' | 'ofUserIn'> {
  return {
    withoutUnreadNotificationIn: createBatch(async (places) => {
      const parts = places.map(({ conversationId, seq }) => ({
        conversationId: toId(conversationId),
        readSeq: { $lt: seq },
        endedAt: null,
        isSpoken: false,
      }));
      const rows = groupBy(await members.find({ $or: parts }).map(toRow).toArray(), conversationOf);
      return places.map(({ conversationId, seq }) =>
        (rows.get(conversationId) ?? []).filter(({ readSeq }) => readSeq < seq).sort((a, b) => a.readSeq - b.readSeq),
      );
    }),
    ofUserIn(userId, conversationIds) {
      const key = { conversationId: { $in: toIds(conversationIds) }, userId: toId(userId) };
      return members
        .find({ ...key, endedAt: null })
        .map(toRow)
        .toArray();
    },
  };
}

/** A few members are read with others of this turn, many by a query of their own. */
const maxSingleReads = 20;

/** The reads with which every request to a conversation begins: those of one turn are one query. */
function membershipReads(members: Collection<StoredMember>): Pick<MemberReads, 'of' | 'one' | 'among'> {
  const keyOf = ({ conversationId, userId }: MemberRow): string => `${conversationId} ${userId}`;

  const readAll = createBatchedRead(async (conversationIds) => {
    const filter = { conversationId: { $in: toIds(conversationIds) }, endedAt: null };
    const found = await members.find(filter).sort({ userId: 1 }).map(toRow).toArray();
    return groupBy(found, conversationOf);
  });

  const readOne = createBatchedRead(async (keys) => {
    const pairs = keys.map((key) => {
      const [conversationId = '', userId = ''] = key.split(' ');
      return { conversationId: toId(conversationId), userId: toId(userId), endedAt: null };
    });
    return new Map((await members.find({ $or: pairs }).map(toRow).toArray()).map((row) => [keyOf(row), row]));
  });

  return {
    of: async (conversationId) => [...((await readAll(conversationId)) ?? [])],
    one: (conversationId, userId) => readOne(`${conversationId} ${userId}`),
    async among(conversationId, userIds) {
      const ids = [...new Set(userIds)].sort();
      if (ids.length <= maxSingleReads) {
        const found = await Promise.all(ids.map((userId) => readOne(`${conversationId} ${userId}`)));
        return found.filter((row) => row !== null);
      }
      const filter = { conversationId: toId(conversationId), userId: { $in: toIds(ids) }, endedAt: null };
      return members.find(filter).sort({ userId: 1 }).map(toRow).toArray();
    },
  };
}

/** The reads of who sees what in conversations. */
function audienceReads(members: Collection<StoredMember>): Pick<MemberReads, 'othersIn' | 'cannotSee' | 'peopleOf'> {
  return {
    othersIn(conversationIds, userId) {
      const filter = { conversationId: { $in: toIds(conversationIds) }, userId: { $ne: toId(userId) } };
      return members
        .find({ ...filter, endedAt: null })
        .map(toRow)
        .toArray();
    },
    async cannotSee(conversationId, seq) {
      const cannotSee = [{ joinedSeq: { $gte: seq } }, { clearedSeq: { $gte: seq } }];
      const filter = { conversationId: toId(conversationId), endedAt: null, $or: cannotSee };
      const rows = await members.find(filter, { projection: { userId: 1 } }).toArray();
      return rows.map(({ userId }) => String(userId));
    },
    async peopleOf(conversationIds) {
      const filter = { conversationId: { $in: toIds(conversationIds) }, endedAt: null };
      return (await members.distinct('userId', filter)).map(String);
    },
  };
}

const pageOf = (conversationId: string, afterUserId: string | null) => ({
  conversationId: toId(conversationId),
  ...(afterUserId ? { userId: { $gt: toId(afterUserId) } } : {}),
});

export function memberReads(members: Collection<StoredMember>): MemberReads {
  const present = (filter: object, sort: Record<string, 1>): Promise<MemberRow[]> =>
    members
      .find({ ...filter, endedAt: null })
      .sort(sort)
      .map(toRow)
      .toArray();
  return {
    ...membershipReads(members),
    groupsOf: (userIds) => groupsOf(members, userIds),
    minShownReceipts: (conversationId) => minShownReceipts(members, conversationId),
    page: (conversationId, afterUserId, limit) =>
      members
        .find({ ...pageOf(conversationId, afterUserId), endedAt: null })
        .sort({ userId: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
    async unlistedAt(conversationId, clearedSeq) {
      const place = { conversationId: toId(conversationId), isListed: false, clearedSeq };
      const rows = await present(place, { userId: 1 });
      return rows.map(({ userId }) => userId);
    },
    ofUser: (userId) => present({ userId: toId(userId) }, { slot: 1 }),
    async conversationsEverOf(userId) {
      const rows = await members.find({ userId: toId(userId) }, { projection: { conversationId: 1 } }).toArray();
      return [...new Set(rows.map(({ conversationId }) => String(conversationId)))].sort();
    },
    async conversationsByCursorIndex(userId, cursorIndexes) {
      if (cursorIndexes.length === 0) return [];
      const filter = { userId: toId(userId), slot: { $in: [...cursorIndexes] } };
      const rows = await members.find(filter, { projection: { conversationId: 1 } }).toArray();
      return rows.map(({ conversationId }) => String(conversationId));
    },
    ...notificationReads(members),
    ...audienceReads(members),
    hidersIn: (conversationId) => hidersIn(members, conversationId),
  };
}
