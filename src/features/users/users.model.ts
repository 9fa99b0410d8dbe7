import mongoose, { type Connection, type Model, Types } from 'mongoose';
import type { MailLink } from './mail-link.js';
import type { Privacy } from './users.schemas.js';
import { isDuplicateKey } from '../../drivers/concerns.js';

export interface UserRow {
  _id: Types.ObjectId;
  /** Unique; folded to lower case. */
  username: string;
  email: string;
  /** Unique; the address in lower case. */
  emailKey: string;
  emailVerified: boolean;
  displayName: string;
  bio: string;
  passwordHash: string;
  /** Counts the changes of the password and of `state`: what was decided by an older one is decided again. */
  credentialVersion: number;
  state: 'active' | 'disabled';
  privacy: Privacy;
  verifyLink: MailLink | null;
  resetLink: MailLink | null;
  lastSeenAt: Date | null;
  createdAt: Date;
}

export type NewUser = Omit<UserRow, '_id' | 'credentialVersion' | 'state' | 'resetLink' | 'lastSeenAt'>;

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

const { trusted } = mongoose;

const schema = new mongoose.Schema<UserRow>(
  {
    username: { type: String, required: true },
    email: { type: String, required: true },
    emailKey: { type: String, required: true },
    emailVerified: { type: Boolean, required: true },
    displayName: { type: String, required: true },
    bio: { type: String, default: '' },
    passwordHash: { type: String, required: true },
    credentialVersion: { type: Number, default: 0 },
    state: { type: String, enum: ['active', 'disabled'], default: 'active' },
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

/** A change that another account's username or e-mail address forbids. */
export type Taken = 'email_taken' | 'username_taken';

/** The rows of people: named queries on lean rows, each served by an index. */
export interface UserRows {
  insert(user: NewUser): Promise<UserRow | Taken>;
  byId(userId: string): Promise<UserRow | null>;
  byIds(userIds: readonly string[]): Promise<UserRow[]>;
  byUsername(username: string): Promise<UserRow | null>;
  byEmailKey(emailKey: string): Promise<UserRow | null>;
  setProfile(
    userId: string,
    profile: Partial<Pick<UserRow, 'displayName' | 'username' | 'bio'>>,
  ): Promise<UserRow | Taken | null>;
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
  ): Promise<UserRow | Taken | null>;
  setState(userId: string, state: UserRow['state']): Promise<UserRow | null>;
  setLastSeen(userId: string, at: Date): Promise<void>;
  /** All accounts in the order of their ids, for the command line. */
  page(afterId: string | null, limit: number): Promise<UserRow[]>;
}

const after = { returnDocument: 'after' } as const;

type CredentialQuery = 'setPassword' | 'resetPassword' | 'openResetLink' | 'openVerifyLink' | 'verifyEmail';

/** What changes password, links, address and state, each by one conditional write. */
function credentialQueries(Users: Model<UserRow>): Pick<UserRows, CredentialQuery> {
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

/** Gives the rows of people on one connection. */
export function usersModel(connection: Connection): UserRows {
  const Users = connection.model<UserRow>('User', schema, 'users');

  /** Which of the two unique names was taken; asked after the index has refused, so it cannot be too early. */
  async function whichIsTaken(emailKey: string): Promise<Taken> {
    return (await Users.exists({ emailKey })) ? 'email_taken' : 'username_taken';
  }

  return {
    ...credentialQueries(Users),
    async insert(user) {
      const _id = new Types.ObjectId();
      const row: UserRow = { ...user, _id, credentialVersion: 0, state: 'active', resetLink: null, lastSeenAt: null };
      try {
        await Users.create(row);
        return row;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return whichIsTaken(user.emailKey);
      }
    },
    byId: (userId) => Users.findOne({ _id: new Types.ObjectId(userId) }).lean(),
    byIds: (userIds) =>
      Users.find({ _id: trusted({ $in: userIds.map((id) => new Types.ObjectId(id)) }) })
        .sort({ _id: 1 })
        .lean(),
    byUsername: (username) => Users.findOne({ username }).lean(),
    byEmailKey: (emailKey) => Users.findOne({ emailKey }).lean(),
    async setProfile(userId, profile) {
      try {
        return await Users.findOneAndUpdate({ _id: new Types.ObjectId(userId) }, { $set: profile }, after).lean();
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return 'username_taken';
      }
    },
    setState: (userId, state) =>
      Users.findOneAndUpdate(
        { _id: new Types.ObjectId(userId) },
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
