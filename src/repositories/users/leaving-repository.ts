/** The end of an account: `active → leaving → erasing → erased`. */
import mongoose, { type Model, Types } from 'mongoose';
import type { UserRow } from './user-row.js';
import type { Locale } from '@causerie/contract/problem-codes';

const { trusted } = mongoose;
const after = { returnDocument: 'after' } as const;

/** What an account is called that is no more. */
const deletedName = 'Deleted account';

export interface LeavingRepository {
  /** From now on the account is hidden; null if its password or state has changed since. */
  leave(
    userId: string,
    versionSeen: number,
    erasure: { erasureAt: Date; erasureLocale: Locale },
  ): Promise<UserRow | null>;
  /** Undoes that before its time has come; null where it has. */
  comeBack(userId: string, now: Date): Promise<UserRow | null>;
  /** Accounts whose time has come, and whose erasure is not done. */
  dueForErasure(now: Date, limit: number): Promise<UserRow[]>;
  /** From now on nobody can come back; null where somebody has. */
  beginErasing(userId: string, now: Date): Promise<UserRow | null>;
  /** Leaves nothing of the person but the id; null if that was done before. */
  erase(userId: string): Promise<UserRow | null>;
}

/** Each step is one conditional write; only from `leaving` somebody comes back. */
export function leavingQueries(Users: Model<UserRow>): LeavingRepository {
  const one = (userId: string) => ({ _id: new Types.ObjectId(userId) });
  const isDate = trusted({ $type: 'date' as const });
  return {
    leave: (userId, credentialVersion, erasure) =>
      Users.findOneAndUpdate(
        { ...one(userId), state: 'active', credentialVersion },
        { $set: { state: 'leaving', ...erasure, resetLink: null }, $inc: { credentialVersion: 1 } },
        after,
      ).lean(),
    comeBack: (userId, now) =>
      Users.findOneAndUpdate(
        { ...one(userId), state: 'leaving', erasureAt: trusted({ $gt: now }) },
        { $set: { state: 'active', erasureAt: null, erasureLocale: null } },
        after,
      ).lean(),
    dueForErasure: (now, limit) =>
      Users.find({ erasureAt: trusted({ $type: 'date' as const, $lte: now }) })
        .sort({ erasureAt: 1 })
        .limit(limit)
        .lean(),
    beginErasing: (userId, now) =>
      Users.findOneAndUpdate(
        { ...one(userId), state: trusted({ $in: ['leaving', 'erasing'] }), erasureAt: trusted({ $lte: now }) },
        { $set: { state: 'erasing' } },
        after,
      ).lean(),
    erase: (userId) =>
      Users.findOneAndUpdate(
        { ...one(userId), state: 'erasing', erasureAt: isDate },
        {
          $set: {
            // No username and no address look like this, so the names that were its own are free.
            ...{ username: `#${userId}`, email: '', emailKey: `#${userId}`, emailVerified: false },
            ...{ displayName: deletedName, names: [], bio: '', status: null, avatar: null, passwordHash: '' },
            ...{ verifyLink: null, resetLink: null, lastSeenAt: null, state: 'erased', erasureAt: null },
            erasureLocale: null,
          },
          $inc: { credentialVersion: 1 },
        },
        after,
      ).lean(),
  };
}
