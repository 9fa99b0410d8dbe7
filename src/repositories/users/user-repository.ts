import mongoose, { type Connection, type Model, Types } from 'mongoose';
import type { PictureRow } from '../uploads/attachment-row.js';
import type { MailLink } from './mail-link.js';
import type { Privacy } from '@causerie/contract/users';
import { namesOf } from './directory-names.js';
import { leavingQueries, type LeavingRepository } from './leaving-repository.js';
import type { StatusRow, UserRow } from './user-row.js';

export type { UserRow } from './user-row.js';
import { isDuplicateKey } from '../concerns.js';

export type NewUser = Omit<
  UserRow,
  | '_id'
  | 'credentialVersion'
  | 'state'
  | 'erasureAt'
  | 'erasureLocale'
  | 'resetLink'
  | 'lastSeenAt'
  | 'names'
  | 'status'
  | 'avatar'
>;

const link = new mongoose.Schema<MailLink>(
  {
    id: { type: String, required: true },
    madeAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    usedAt: { type: Date, default: null },
    email: { type: String, default: null },
  },
  { _id: false },
);

const privacy = new mongoose.Schema<Privacy>(
  {
    lastSeen: { type: String, required: true },
    readReceipts: { type: Boolean, required: true },
    directMessages: { type: String, required: true },
    groupInvites: { type: String, required: true },
    findByEmail: { type: Boolean, required: true },
  },
  { _id: false },
);

const status = new mongoose.Schema<StatusRow>(
  {
    emoji: { type: String, default: null },
    text: { type: String, default: null },
    expiresAt: { type: Date, default: null },
  },
  { _id: false },
);

const { trusted } = mongoose;

const schema = new mongoose.Schema<UserRow>(
  {
    username: { type: String, required: true },
    email: { type: String, default: '' },
    emailKey: { type: String, required: true },
    emailVerified: { type: Boolean, required: true },
    displayName: { type: String, required: true },
    names: { type: [String], default: [] },
    bio: { type: String, default: '' },
    status: { type: status, default: null },
    avatar: { type: mongoose.Schema.Types.Mixed, default: null },
    // Empty once the account is erased.
    passwordHash: { type: String, default: '' },
    credentialVersion: { type: Number, default: 0 },
    state: { type: String, enum: ['active', 'disabled', 'leaving', 'erasing', 'erased'], default: 'active' },
    erasureAt: { type: Date, default: null },
    erasureLocale: { type: String, default: null },
    privacy: { type: privacy, required: true },
    verifyLink: { type: link, default: null },
    resetLink: { type: link, default: null },
    lastSeenAt: { type: Date, default: null },
    createdAt: { type: Date, required: true },
  },
  { versionKey: false },
);
schema.index({ username: 1 }, { unique: true });
schema.index({ emailKey: 1 }, { unique: true });
schema.index({ erasureAt: 1 }, { partialFilterExpression: { erasureAt: { $type: 'date' } } });
schema.index({ names: 1 }, { partialFilterExpression: { state: 'active' } });

/** A change that another account's username or e-mail address forbids. */
export type AccountConflict = 'email_taken' | 'username_taken';

/** The rows of people: named queries on lean rows, each served by an index. */
export interface UserRepository extends LeavingRepository {
  insert(user: NewUser): Promise<UserRow | AccountConflict>;
  byId(userId: string): Promise<UserRow | null>;
  byIds(userIds: readonly string[]): Promise<UserRow[]>;
  byUsername(username: string): Promise<UserRow | null>;
  byEmailKey(emailKey: string): Promise<UserRow | null>;
  setProfile(
    userId: string,
    profile: Partial<Pick<UserRow, 'displayName' | 'username' | 'bio'>>,
  ): Promise<UserRow | AccountConflict | null>;
  setStatus(userId: string, status: StatusRow | null): Promise<UserRow | null>;
  /** Shows a picture, or none, in the place of another one; null where that is not the one that is shown. */
  setAvatar(userId: string, avatar: PictureRow | null, before: PictureRow | null): Promise<UserRow | null>;
  setPrivacy(userId: string, privacy: Partial<Privacy>): Promise<UserRow | null>;
  /** Active people whom the directory finds by the beginning of one of their names, from one on, in its order. */
  named(beginning: string, skip: number, limit: number): Promise<UserRow[]>;
  /** Sets a new password and voids a reset link; with `versionSeen` only if nothing has changed since. */
  setPassword(userId: string, passwordHash: string, versionSeen: number | null): Promise<UserRow | null>;
  /** Spends a living reset link and sets the password in the same write: of many uses one gets the row. */
  resetPassword(userId: string, linkId: string, change: { passwordHash: string; at: Date }): Promise<UserRow | null>;
  /** Makes this the one link that resets the password, unless a newer one was made or it has been used already. */
  openResetLink(userId: string, resetLink: MailLink): Promise<UserRow | null>;
  /** Makes this the one link that proves an address. */
  openVerifyLink(userId: string, verifyLink: MailLink): Promise<UserRow | null>;
  /** Spends a living link that proves an address; it becomes the account's, and voids links sent to another one. */
  verifyEmail(
    userId: string,
    linkId: string,
    change: { email: string; emailKey: string; isNew: boolean; at: Date },
  ): Promise<UserRow | AccountConflict | null>;
  /** Disables an account or ends that; null for one that is on its way to be deleted. */
  setState(userId: string, state: 'active' | 'disabled'): Promise<UserRow | null>;
  setLastSeen(userId: string, at: Date): Promise<void>;
  /** All accounts in the order of their ids, for the command line. */
  page(afterId: string | null, limit: number): Promise<UserRow[]>;
}

const after = { returnDocument: 'after' } as const;
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

type CredentialQuery = 'setPassword' | 'resetPassword' | 'openResetLink' | 'openVerifyLink' | 'verifyEmail';

/** What changes password, links, address and state, each by one conditional write. */
function credentialQueries(Users: Model<UserRow>): Pick<UserRepository, CredentialQuery> {
  return {
    setPassword: (userId, passwordHash, versionSeen) =>
      Users.findOneAndUpdate(
        { _id: new Types.ObjectId(userId), ...(versionSeen === null ? {} : { credentialVersion: versionSeen }) },
        { $set: { passwordHash, resetLink: null }, $inc: { credentialVersion: 1 } },
        after,
      ).lean(),
    resetPassword: (userId, linkId, { passwordHash, at }) =>
      Users.findOneAndUpdate(
        {
          _id: new Types.ObjectId(userId),
          state: 'active',
          'resetLink.id': linkId,
          'resetLink.usedAt': null,
          'resetLink.expiresAt': trusted({ $gt: at }),
        },
        { $set: { passwordHash, 'resetLink.usedAt': at }, $inc: { credentialVersion: 1 } },
        after,
      ).lean(),
    openResetLink: (userId, resetLink) =>
      Users.findOneAndUpdate(
        {
          _id: new Types.ObjectId(userId),
          state: 'active',
          $or: [
            { resetLink: null },
            { 'resetLink.id': resetLink.id, 'resetLink.usedAt': null },
            { 'resetLink.id': trusted({ $ne: resetLink.id }), 'resetLink.madeAt': trusted({ $lte: resetLink.madeAt }) },
          ],
        },
        { $set: { resetLink } },
        after,
      ).lean(),
    openVerifyLink: (userId, verifyLink) =>
      Users.findOneAndUpdate({ _id: new Types.ObjectId(userId) }, { $set: { verifyLink } }, after).lean(),
    async verifyEmail(userId, linkId, { email, emailKey, isNew, at }) {
      const voided = isNew ? { resetLink: null } : {};
      try {
        return await Users.findOneAndUpdate(
          {
            _id: new Types.ObjectId(userId),
            'verifyLink.id': linkId,
            'verifyLink.usedAt': null,
            'verifyLink.expiresAt': trusted({ $gt: at }),
          },
          { $set: { email, emailKey, emailVerified: true, 'verifyLink.usedAt': at, ...voided } },
          after,
        ).lean();
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return 'email_taken';
      }
    },
  };
}

/** A change of names changes what the directory finds by; where somebody else was faster, it is made again. */
async function rename(
  Users: Model<UserRow>,
  userId: string,
  profile: Partial<Pick<UserRow, 'displayName' | 'username' | 'bio'>>,
): Promise<UserRow | null> {
  const _id = new Types.ObjectId(userId);
  for (;;) {
    const row = await Users.findOne({ _id }).lean();
    if (!row) return null;
    const { username, displayName } = row;
    const names = namesOf({ ...row, ...profile });
    const changed = await Users.findOneAndUpdate(
      { _id, username, displayName },
      { $set: { ...profile, names } },
      after,
    ).lean();
    if (changed) return changed;
  }
}

/** What a person changes of what others see, and how he is found. */
function profileQueries(
  Users: Model<UserRow>,
): Pick<UserRepository, 'setProfile' | 'setStatus' | 'setAvatar' | 'setPrivacy' | 'named'> {
  return {
    async setProfile(userId, profile) {
      try {
        return await rename(Users, userId, profile);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return 'username_taken';
      }
    },
    setStatus: (userId, value) =>
      Users.findOneAndUpdate({ _id: new Types.ObjectId(userId) }, { $set: { status: value } }, after).lean(),
    setAvatar(userId, avatar, before) {
      const shown = before ? { 'avatar._id': before._id } : { avatar: null };
      const filter = { _id: new Types.ObjectId(userId), ...shown };
      return Users.findOneAndUpdate(filter, { $set: { avatar } }, after).lean();
    },
    setPrivacy(userId, changes) {
      const set = Object.fromEntries(Object.entries(changes).map(([name, value]) => [`privacy.${name}`, value]));
      return Users.findOneAndUpdate({ _id: new Types.ObjectId(userId) }, { $set: set }, after).lean();
    },
    named: (beginning, skip, limit) =>
      Users.find({ names: trusted({ $regex: `^${escaped(beginning)}` }), state: 'active' })
        .sort({ names: 1 })
        .skip(skip)
        .limit(limit)
        .lean(),
  };
}

/** Gives the rows of people on one connection. */
export function createUserRepository(connection: Connection): UserRepository {
  const Users = connection.model<UserRow>('User', schema, 'users');

  /** Which of the two unique names was taken; asked after the index has refused, so it cannot be too early. */
  async function conflictOf(emailKey: string): Promise<AccountConflict> {
    return (await Users.exists({ emailKey })) ? 'email_taken' : 'username_taken';
  }

  return {
    ...credentialQueries(Users),
    async insert(user) {
      const _id = new Types.ObjectId();
      const row: UserRow = {
        ...user,
        _id,
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
      try {
        await Users.create(row);
        return row;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return conflictOf(user.emailKey);
      }
    },
    byId: (userId) => Users.findOne({ _id: new Types.ObjectId(userId) }).lean(),
    byIds: (userIds) =>
      Users.find({ _id: trusted({ $in: userIds.map((id) => new Types.ObjectId(id)) }) })
        .sort({ _id: 1 })
        .lean(),
    byUsername: (username) => Users.findOne({ username }).lean(),
    byEmailKey: (emailKey) => Users.findOne({ emailKey }).lean(),
    ...profileQueries(Users),
    ...leavingQueries(Users),
    setState: (userId, state) =>
      Users.findOneAndUpdate(
        { _id: new Types.ObjectId(userId), state: trusted({ $in: ['active', 'disabled'] }) },
        { $set: { state, resetLink: null }, $inc: { credentialVersion: 1 } },
        after,
      ).lean(),
    async setLastSeen(userId, at) {
      await Users.updateOne({ _id: new Types.ObjectId(userId) }, { $max: { lastSeenAt: at } });
    },
    page: (afterId, limit) =>
      Users.find(afterId === null ? {} : { _id: trusted({ $gt: new Types.ObjectId(afterId) }) })
        .sort({ _id: 1 })
        .limit(limit)
        .lean(),
  };
}
