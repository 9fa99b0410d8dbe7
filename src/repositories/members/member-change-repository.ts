/** The effects of a group change on member rows. Each can be applied twice, and late. */
import { toId, toIdOrNull, toIds, toRow } from '../ids.js';
import { type Connection } from 'mongoose';
import pLimit from 'p-limit';
import type { GroupChange } from '../conversations/group-change.js';
import { type MemberRow, type StoredMember, membersOf, newMember, cursorIndexesOf } from './member-row.js';
import { isOnlyDuplicates } from '../errors.js';
import { roles as allRoles } from '@causerie/contract/roles';

const concurrentInserts = 20;

/** The member after which a page begins. */
export interface MemberPlace {
  rank: number;
  /** Milliseconds since the epoch. */
  joinedAt: number;
  id: string;
}

export interface MemberChangeRepository {
  /** Creates the rows of joining members; `seq` is the number up to which they see nothing. */
  join(conversationId: string, change: GroupChange, seq: number): Promise<void>;
  /** Ends the rows of the members who leave. */
  end(change: GroupChange): Promise<void>;
  /** Ends all rows of a conversation and returns the ids of their users. */
  endAll(conversationId: string): Promise<string[]>;
  /** Sets roles, except where a later change has set others. */
  setRoles(conversationId: string, change: GroupChange): Promise<void>;
  /** Members by role, then by time of joining, after a place. */
  byRank(conversationId: string, after: MemberPlace | null, limit: number): Promise<MemberRow[]>;
}

/** The row of a user whom a change adds. */
function rowOf(conversationId: string, userId: string, { _id, at, system, roles, version }: GroupChange, seq: number) {
  const role = roles.find((one) => one.userId === userId)?.role ?? 'member';
  const isInviter = system.actorId === userId;
  return {
    ...newMember(conversationId, userId, at),
    isGroup: true,
    isListed: true,
    joinedBy: toId(_id),
    invitedBy: isInviter ? null : toIdOrNull(system.actorId),
    rank: allRoles.indexOf(role),
    rankBefore: allRoles.indexOf(role),
    rankVersion: version,
    joinedSeq: seq,
    readSeq: seq,
    deliveredSeq: seq,
    shownReadSeq: seq,
    shownDeliveredSeq: seq,
  };
}

function joiningOf(connection: Connection) {
  const members = membersOf(connection);
  const nextCursorIndex = cursorIndexesOf(connection);

  /** The joining users who have neither a row from this change nor a row that has not ended. */
  async function missingOf(conversationId: string, { _id, joining }: GroupChange): Promise<string[]> {
    const key = { conversationId: toId(conversationId), userId: { $in: toIds(joining) } };
    const isThere = [
      { ...key, joinedBy: { $eq: toId(_id), $type: 'objectId' as const } },
      { ...key, endedAt: null },
    ];
    const there = await members.find({ $or: isThere }, { projection: { userId: 1 } }).toArray();
    const known = new Set(there.map(({ userId }) => String(userId)));
    return joining.filter((userId) => !known.has(userId));
  }

  /** Inserts rows, each with a new cursor index; false if a unique index rejected one of them. */
  async function insert(rows: readonly Omit<StoredMember, 'slot'>[]): Promise<boolean> {
    // A thousand at once would wait for a connection longer than a request may take.
    const limit = pLimit(concurrentInserts);
    const indexed = rows.map((row) =>
      limit(async () => ({ ...row, slot: await nextCursorIndex(row.userId.toHexString()) })),
    );
    try {
      await members.insertMany(await Promise.all(indexed), { ordered: false });
      return true;
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
      return false;
    }
  }

  return { missingOf, insert };
}

export function createMemberChangeRepository(connection: Connection): MemberChangeRepository {
  const members = membersOf(connection);
  const { missingOf, insert } = joiningOf(connection);

  return {
    async join(conversationId, change, seq) {
      // Rejected rows are looked up again: another process that completes the same change may have been faster, or not.
      for (;;) {
        const missing = await missingOf(conversationId, change);
        if (missing.length === 0) return;
        if (await insert(missing.map((userId) => rowOf(conversationId, userId, change, seq)))) return;
      }
    },
    async end({ ending, at }) {
      const ids = toIds(ending.map(({ memberId }) => memberId));
      await members.updateMany({ _id: { $in: ids }, endedAt: null }, { $set: { endedAt: at } });
    },
    async endAll(conversationId) {
      const filter = { conversationId: toId(conversationId), endedAt: null };
      const rows = await members.find(filter, { projection: { userId: 1 } }).toArray();
      await members.updateMany(filter, { $set: { endedAt: new Date() } });
      return rows.map(({ userId }) => String(userId));
    },
    async setRoles(conversationId, { roles, version }) {
      for (const { userId, role } of roles) {
        const rank = allRoles.indexOf(role);
        const key = { conversationId: toId(conversationId), userId: toId(userId), endedAt: null };
        await members.updateOne({ ...key, rankVersion: { $lt: version } }, [
          { $set: { rankBefore: '$rank', rank, rankVersion: version } },
        ]);
      }
    },
    byRank(conversationId, after, limit) {
      const behind = after && [
        { rank: { $gt: after.rank } },
        { rank: after.rank, joinedAt: { $gt: new Date(after.joinedAt) } },
        { rank: after.rank, joinedAt: new Date(after.joinedAt), _id: { $gt: toId(after.id) } },
      ];
      return members
        .find({ conversationId: toId(conversationId), endedAt: null, ...(behind ? { $or: behind } : {}) })
        .sort({ rank: 1, joinedAt: 1, _id: 1 })
        .limit(limit)
        .map(toRow)
        .toArray();
    },
  };
}
