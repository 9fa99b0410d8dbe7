import type { Collection, Connection } from 'mongoose';
import type { Privacy } from '@causerie/contract/users';
import { isDuplicateKey } from '../errors.js';
import { newId, toId, toRow } from '../ids.js';
import { createReadById } from '../read-by-id.js';
import { type PictureRow, storedPicture } from '../uploads/attachment-row.js';
import {
  type AccountConflict,
  createCredentialRepository,
  type CredentialRepository,
} from './credential-repository.js';
import { createDeletionRepository, type DeletionRepository } from './deletion-repository.js';
import { changeUser, namesOf, type StatusRow, type StoredUser, userSchema, type UserRow, usersOf } from './user-row.js';

export type { AccountConflict } from './credential-repository.js';
export type { UserRow } from './user-row.js';

export type NewUser = Pick<
  UserRow,
  | 'username'
  | 'email'
  | 'emailKey'
  | 'emailVerified'
  | 'displayName'
  | 'bio'
  | 'passwordHash'
  | 'privacy'
  | 'verifyLink'
  | 'createdAt'
>;

type ProfileChange = Partial<Pick<UserRow, 'displayName' | 'username' | 'bio'>>;

/** What users change of what others see, and how the directory finds them. */
interface ProfileRepository {
  setProfile(userId: string, profile: ProfileChange): Promise<UserRow | AccountConflict | null>;
  setStatus(userId: string, status: StatusRow | null): Promise<UserRow | null>;
  /** Replaces one avatar (null: none) by another; null if `before` is not the present one. */
  setAvatar(userId: string, avatar: PictureRow | null, before: PictureRow | null): Promise<UserRow | null>;
  setPrivacy(userId: string, privacy: Partial<Privacy>): Promise<UserRow | null>;
  /** Active users with a name that begins like this, in the order of the directory. */
  named(beginning: string, skip: number, limit: number): Promise<UserRow[]>;
}

/** Users: named queries, each served by an index. */
export interface UserRepository extends ProfileRepository, CredentialRepository, DeletionRepository {
  insert(user: NewUser): Promise<UserRow | AccountConflict>;
  byId(userId: string): Promise<UserRow | null>;
  byIds(userIds: readonly string[]): Promise<UserRow[]>;
  byUsername(username: string): Promise<UserRow | null>;
  byEmailKey(emailKey: string): Promise<UserRow | null>;
  setLastSeen(userId: string, at: Date): Promise<void>;
  /** All accounts in the order of their ids, for the command line. */
  page(afterId: string | null, limit: number): Promise<UserRow[]>;
}

/** The writes on which permissions, and what others see, depend. */
export const relationshipWritesOfUsers = [
  'setPrivacy',
  'setState',
  'setAvatar',
  'requestDeletion',
  'cancelDeletion',
  'beginErasing',
  'erase',
] as const satisfies (keyof UserRepository)[];

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Changes a profile, with the names by which the directory finds the user; retried if another change was faster. */
async function changeProfile(
  users: Collection<StoredUser>,
  userId: string,
  profile: ProfileChange,
): Promise<UserRow | null> {
  for (;;) {
    const row = await users.findOne({ _id: toId(userId) });
    if (!row) return null;
    const { username, displayName } = row;
    const names = namesOf({ ...row, ...profile });
    const changed = await changeUser(users, userId, { username, displayName }, { $set: { ...profile, names } });
    if (changed) return changed;
  }
}

function profilesOf(users: Collection<StoredUser>): ProfileRepository {
  const set = (userId: string, fields: object): Promise<UserRow | null> =>
    changeUser(users, userId, {}, { $set: fields });
  return {
    async setProfile(userId, profile) {
      try {
        return await changeProfile(users, userId, profile);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return 'username_taken';
      }
    },
    setStatus: (userId, status) => set(userId, { status }),
    setAvatar(userId, avatar, before) {
      const present = before ? { 'avatar._id': toId(before._id) } : { avatar: null };
      return changeUser(users, userId, present, { $set: { avatar: storedPicture(avatar) } });
    },
    setPrivacy: (userId, changes) =>
      set(userId, Object.fromEntries(Object.entries(changes).map(([name, value]) => [`privacy.${name}`, value]))),
    named: (beginning, skip, limit) =>
      users
        .find({ names: { $regex: `^${escapePattern(beginning)}` }, state: 'active' })
        .sort({ names: 1 })
        .skip(skip)
        .limit(limit)
        .map(toRow)
        .toArray(),
  };
}

function newUser(user: NewUser): StoredUser {
  return {
    ...user,
    _id: toId(newId()),
    names: namesOf(user),
    status: null,
    avatar: null,
    credentialVersion: 0,
    state: 'active',
    erasureAt: null,
    erasureLocale: null,
    resetLink: null,
    lastSeenAt: null,
  };
}

export function createUserRepository(connection: Connection): UserRepository {
  connection.model<StoredUser>('User', userSchema, 'users');
  const users = usersOf(connection);

  const read = createReadById(users);

  /** Finds out which of the two unique names was taken; called after the index has rejected the row, so it is not too early. */
  async function conflictOf(emailKey: string): Promise<AccountConflict> {
    return (await users.findOne({ emailKey }, { projection: { _id: 1 } })) ? 'email_taken' : 'username_taken';
  }

  return {
    ...profilesOf(users),
    ...createCredentialRepository(users),
    ...createDeletionRepository(users),
    async insert(user) {
      const row = newUser(user);
      try {
        await users.insertOne(row);
        return toRow(row);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return conflictOf(user.emailKey);
      }
    },
    byId: read,
    async byIds(userIds) {
      const found = await Promise.all([...new Set(userIds)].sort().map(read));
      return found.filter((row) => row !== null);
    },
    byUsername: async (username) => toRow(await users.findOne({ username })),
    byEmailKey: async (emailKey) => toRow(await users.findOne({ emailKey })),
    async setLastSeen(userId, at) {
      await users.updateOne({ _id: toId(userId) }, { $max: { lastSeenAt: at } });
    },
    page: (afterId, limit) =>
      users
        .find(afterId === null ? {} : { _id: { $gt: toId(afterId) } })
        .sort({ _id: 1 })
        .limit(limit)
        .map(toRow)
        .toArray(),
  };
}
