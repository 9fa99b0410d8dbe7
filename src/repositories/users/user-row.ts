import mongoose, { type Collection, type Connection } from 'mongoose';
import type { Locale } from '@causerie/contract/problem-codes';
import type { Privacy, Status } from '@causerie/contract/users';
import { normalizeText } from '../../kernel/normalize-text.js';
import { type Id, type Row, toId, toRow } from '../ids.js';
import type { StoredPicture } from '../uploads/attachment-row.js';
import type { MailLink } from './mail-link.js';

/** A status that a user shows until it expires. */
export interface StatusRow extends Omit<Status, 'expiresAt'> {
  expiresAt: Date | null;
}

export interface StoredUser {
  _id: Id;
  /** Unique; in lower case. */
  username: string;
  email: string;
  /** Unique; the address in lower case. */
  emailKey: string;
  emailVerified: boolean;
  displayName: string;
  /** The texts by whose beginnings the directory finds the user. */
  names: string[];
  bio: string;
  status: StatusRow | null;
  avatar: StoredPicture | null;
  /** Empty once the account is erased. */
  passwordHash: string;
  /** Counts the changes of password and state: a decision based on an older version is made again. */
  credentialVersion: number;
  /** `leaving` until `erasureAt`, `erasing` while the data is erased, then `erased` for good. */
  state: 'active' | 'disabled' | 'leaving' | 'erasing' | 'erased';
  erasureAt: Date | null;
  /** The language of the mail that confirms the erasure. */
  erasureLocale: Locale | null;
  privacy: Privacy;
  verifyLink: MailLink | null;
  resetLink: MailLink | null;
  lastSeenAt: Date | null;
  createdAt: Date;
}

export type UserRow = Row<StoredUser>;

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

export const userSchema = new mongoose.Schema<StoredUser>(
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
userSchema.index({ username: 1 }, { unique: true });
userSchema.index({ emailKey: 1 }, { unique: true });
userSchema.index({ erasureAt: 1 }, { partialFilterExpression: { erasureAt: { $type: 'date' } } });
userSchema.index({ names: 1 }, { partialFilterExpression: { state: 'active' } });

const words = /[\p{L}\p{N}]+/gu;
const maxWords = 16;
const maxLength = 64;

/**
 * The texts by whose beginnings the directory finds a user: the username, and the display name from each of its words
 * on, both normalized. So a search finds the beginning of any word, and may continue over several.
 */
export function namesOf({ username, displayName }: { username: string; displayName: string }): string[] {
  const normalized = normalizeText(displayName);
  const places = [...normalized.matchAll(words)].slice(0, maxWords).map(({ index }) => index);
  return [...new Set([normalizeText(username), ...places.map((place) => normalized.slice(place, place + maxLength))])];
}

/** The collection itself, for the repositories of users alone. */
export function usersOf(connection: Connection): Collection<StoredUser> {
  return connection.collection<StoredUser>('users');
}

export type UserFilter = Parameters<Collection<StoredUser>['findOneAndUpdate']>[0];

/** Changes a user who meets a condition and returns the new row; null if nobody does. */
export async function changeUser(
  users: Collection<StoredUser>,
  userId: string,
  condition: UserFilter,
  update: object,
): Promise<UserRow | null> {
  const filter = { ...condition, _id: toId(userId) };
  return toRow(await users.findOneAndUpdate(filter, update, { returnDocument: 'after' }));
}
