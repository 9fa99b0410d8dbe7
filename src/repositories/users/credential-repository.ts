/** Passwords, the links of mails, addresses and states: each change is one conditional write. */
import type { Collection } from 'mongoose';
import { isDuplicateKey } from '../errors.js';

import type { MailLink } from './mail-link.js';
import { changeUser, type StoredUser, type UserFilter, type UserRow } from './user-row.js';

/** A change that another account's username or email address forbids. */
export type AccountConflict = 'email_taken' | 'username_taken';

export interface CredentialRepository {
  /** Sets a new password and voids a reset link; with `versionSeen` only if nothing has changed since. */
  setPassword(userId: string, passwordHash: string, versionSeen: number | null): Promise<UserRow | null>;
  /** Uses up a valid reset link and sets the password in the same write: of several concurrent uses, one succeeds. */
  resetPassword(userId: string, linkId: string, change: { passwordHash: string; at: Date }): Promise<UserRow | null>;
  /** Makes this the one link that resets the password, unless a newer one was made or this one has been used. */
  openResetLink(userId: string, resetLink: MailLink): Promise<UserRow | null>;
  /** Makes this the one link that verifies an address. */
  openVerifyLink(userId: string, verifyLink: MailLink): Promise<UserRow | null>;
  /** Uses up a valid link that verifies an address; the address becomes the account's, and links sent to another one are voided. */
  verifyEmail(
    userId: string,
    linkId: string,
    change: { email: string; emailKey: string; isNew: boolean; at: Date },
  ): Promise<UserRow | AccountConflict | null>;
  /** Disables an account or enables it again; null if it is being deleted. */
  setState(userId: string, state: 'active' | 'disabled'): Promise<UserRow | null>;
}

export function createCredentialRepository(users: Collection<StoredUser>): CredentialRepository {
  const change = (userId: string, condition: UserFilter, update: object): Promise<UserRow | null> =>
    changeUser(users, userId, condition, update);

  return {
    setPassword: (userId, passwordHash, versionSeen) =>
      change(userId, versionSeen === null ? {} : { credentialVersion: versionSeen }, {
        $set: { passwordHash, resetLink: null },
        $inc: { credentialVersion: 1 },
      }),
    resetPassword: (userId, linkId, { passwordHash, at }) =>
      change(
        userId,
        { state: 'active', 'resetLink.id': linkId, 'resetLink.usedAt': null, 'resetLink.expiresAt': { $gt: at } },
        { $set: { passwordHash, 'resetLink.usedAt': at }, $inc: { credentialVersion: 1 } },
      ),
    openResetLink(userId, resetLink) {
      const replaceable = [
        { resetLink: null },
        { 'resetLink.id': resetLink.id, 'resetLink.usedAt': null },
        { 'resetLink.id': { $ne: resetLink.id }, 'resetLink.madeAt': { $lte: resetLink.madeAt } },
      ];
      return change(userId, { state: 'active', $or: replaceable }, { $set: { resetLink } });
    },
    openVerifyLink: (userId, verifyLink) => change(userId, {}, { $set: { verifyLink } }),
    async verifyEmail(userId, linkId, { email, emailKey, isNew, at }) {
      const voided = isNew ? { resetLink: null } : {};
      try {
        return await change(
          userId,
          { 'verifyLink.id': linkId, 'verifyLink.usedAt': null, 'verifyLink.expiresAt': { $gt: at } },
          { $set: { email, emailKey, emailVerified: true, 'verifyLink.usedAt': at, ...voided } },
        );
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return 'email_taken';
      }
    },
    setState: (userId, state) =>
      change(
        userId,
        { state: { $in: ['active', 'disabled'] } },
        { $set: { state, resetLink: null }, $inc: { credentialVersion: 1 } },
      ),
  };
}
