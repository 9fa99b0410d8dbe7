/** The end of an account, `active → leaving → erasing → erased`: each step is one conditional write. */
import type { Collection } from 'mongoose';
import type { Locale } from '@causerie/contract/problem-codes';
import { toRow } from '../ids.js';
import { changeUser, type StoredUser, type UserFilter, type UserRow } from './user-row.js';

/** The display name of an erased account. */
const deletedName = 'Deleted account';

export interface DeletionRepository {
  /** Hides the account from now on; null if its password or state has changed since. */
  requestDeletion(
    userId: string,
    versionSeen: number,
    erasure: { erasureAt: Date; erasureLocale: Locale },
  ): Promise<UserRow | null>;
  /** Undoes `requestDeletion` before the erasure is due; null if it is due. */
  cancelDeletion(userId: string, now: Date): Promise<UserRow | null>;
  /** The accounts whose erasure is due and not completed. */
  dueForErasure(now: Date, limit: number): Promise<UserRow[]>;
  /** From here on the account cannot come back; null if it has. */
  beginErasing(userId: string, now: Date): Promise<UserRow | null>;
  /** Erases everything but the id; null if it was erased before. */
  erase(userId: string): Promise<UserRow | null>;
}

/** The fields of an erased account. No username and no address look like these, so the names it had become free. */
function erasedFields(userId: string): Partial<StoredUser> {
  return {
    ...{ username: `#${userId}`, email: '', emailKey: `#${userId}`, emailVerified: false },
    ...{ displayName: deletedName, names: [], bio: '', status: null, avatar: null, passwordHash: '' },
    ...{ verifyLink: null, resetLink: null, lastSeenAt: null, state: 'erased', erasureAt: null, erasureLocale: null },
  };
}

export function createDeletionRepository(users: Collection<StoredUser>): DeletionRepository {
  const change = (userId: string, condition: UserFilter, update: object): Promise<UserRow | null> =>
    changeUser(users, userId, condition, update);

  return {
    requestDeletion: (userId, credentialVersion, erasure) =>
      change(
        userId,
        { state: 'active', credentialVersion },
        { $set: { state: 'leaving', ...erasure, resetLink: null }, $inc: { credentialVersion: 1 } },
      ),
    cancelDeletion: (userId, now) =>
      change(
        userId,
        { state: 'leaving', erasureAt: { $gt: now } },
        { $set: { state: 'active', erasureAt: null, erasureLocale: null } },
      ),
    dueForErasure: (now, limit) =>
      users
        .find({ erasureAt: { $type: 'date', $lte: now } })
        .sort({ erasureAt: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
    beginErasing: (userId, now) =>
      change(
        userId,
        { state: { $in: ['leaving', 'erasing'] }, erasureAt: { $lte: now } },
        { $set: { state: 'erasing' } },
      ),
    erase: (userId) =>
      change(
        userId,
        { state: 'erasing', erasureAt: { $type: 'date' } },
        { $set: erasedFields(userId), $inc: { credentialVersion: 1 } },
      ),
  };
}
