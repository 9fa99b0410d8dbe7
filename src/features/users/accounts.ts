import { Problem } from '../../kernel/problem.js';
import type { MailLink } from '../../repositories/users/mail-link.js';
import type { UserViews } from '../../views/user-views.js';
import type { AccountConflict, UserRow, UserRepository } from '../../repositories/users/user-repository.js';
import type { Me, PublicUser } from '@causerie/contract/users';
import type { Locale } from '@causerie/contract/problem-codes';

/** An account as authentication needs it. It never leaves the server: `me` is what its owner sees. */
export interface Account {
  id: string;
  username: string;
  email: string;
  passwordHash: string;
  /** Counts the changes of password and state: a decision based on an older version must be made again. */
  credentialVersion: number;
  isActive: boolean;
  /** Whether its deletion was requested and can still be canceled. */
  isLeaving: boolean;
  /** The language of the mail that confirms its erasure. */
  erasureLocale: Locale;
  emailVerified: boolean;
  verifyLink: MailLink | null;
  resetLink: MailLink | null;
  me: Me;
}

export interface NewAccount {
  email: string;
  username: string;
  displayName: string;
  passwordHash: string;
  verifyLink: MailLink | null;
}

/** The accounts of users, for authentication and the command line alone. */
export interface Accounts {
  /** Throws `email_taken` or `username_taken`. */
  create(account: NewAccount): Promise<Account>;
  byId(userId: string): Promise<Account | null>;
  byEmail(email: string): Promise<Account | null>;
  /** Finds an account by email address or username, regardless of case. */
  byIdentifier(identifier: string): Promise<Account | null>;
  page(afterId: string | null, limit: number): Promise<Account[]>;
  /** With `versionSeen`, null if the password or the state has changed since. */
  setPassword(userId: string, passwordHash: string, versionSeen: number | null): Promise<Account | null>;
  /** Uses up a valid reset link; null if it is not valid. */
  resetPassword(userId: string, linkId: string, passwordHash: string): Promise<Account | null>;
  /** Null if a newer link was created, this one was used, or the account is not active. */
  openResetLink(userId: string, link: MailLink): Promise<Account | null>;
  openVerifyLink(userId: string, link: MailLink): Promise<Account | null>;
  /** Uses up a valid link that verifies an address, which becomes the account's. Throws `email_taken`. */
  verifyEmail(userId: string, linkId: string): Promise<Account | null>;
  setActive(userId: string, isActive: boolean): Promise<Account | null>;
  /** Hides the account from now on; null if its password or state has changed since it was read. */
  requestDeletion(account: Account, erasure: { erasureAt: Date; erasureLocale: Locale }): Promise<Account | null>;
  /** Cancels the deletion before the erasure is due; null if it is due. */
  cancelDeletion(userId: string): Promise<Account | null>;
  /** The ids of the accounts whose erasure is due and not completed. */
  dueForErasure(limit: number): Promise<string[]>;
  /** From here on the deletion cannot be canceled; null if it was. */
  beginErasing(userId: string): Promise<Account | null>;
  /** Erases everything but the id and returns what others see of the account then; null if it was erased before. */
  erase(userId: string): Promise<PublicUser | null>;
}

/** The unique form of an address: case does not count. */
export function emailKeyOf(email: string): string {
  return email.normalize('NFKC').toLowerCase();
}

function toAccount(row: UserRow, views: UserViews): Account {
  const { username, email, passwordHash, credentialVersion, emailVerified, verifyLink, resetLink } = row;
  return {
    id: row._id,
    username,
    email,
    passwordHash,
    credentialVersion,
    isActive: row.state === 'active',
    isLeaving: row.state === 'leaving',
    erasureLocale: row.erasureLocale ?? 'en',
    emailVerified,
    verifyLink,
    resetLink,
    me: views.me(row),
  };
}

function isTaken(row: UserRow | AccountConflict | null): row is AccountConflict {
  return typeof row === 'string';
}

/** The privacy of a new account. */
const initialPrivacy = {
  lastSeen: 'everyone',
  readReceipts: true,
  directMessages: 'everyone',
  groupInvites: 'everyone',
  findByEmail: false,
} as const;

export function createAccounts({ repository, views }: { repository: UserRepository; views: UserViews }): Accounts {
  const accountOf = (row: UserRow): Account => toAccount(row, views);
  const accountOrNull = (row: UserRow | null): Account | null => row && accountOf(row);

  return {
    async create({ email, ...account }) {
      const row = await repository.insert({
        ...account,
        email,
        emailKey: emailKeyOf(email),
        emailVerified: false,
        bio: '',
        privacy: { ...initialPrivacy },
        createdAt: new Date(),
      });
      if (isTaken(row)) throw new Problem(row);
      return accountOf(row);
    },
    byId: async (userId) => accountOrNull(await repository.byId(userId)),
    byEmail: async (email) => accountOrNull(await repository.byEmailKey(emailKeyOf(email))),
    byIdentifier: async (identifier) =>
      accountOrNull(
        identifier.includes('@')
          ? await repository.byEmailKey(emailKeyOf(identifier))
          : await repository.byUsername(identifier.toLowerCase()),
      ),
    page: async (afterId, limit) => (await repository.page(afterId, limit)).map(accountOf),
    setPassword: async (userId, passwordHash, versionSeen) =>
      accountOrNull(await repository.setPassword(userId, passwordHash, versionSeen)),
    resetPassword: async (userId, linkId, passwordHash) =>
      accountOrNull(await repository.resetPassword(userId, linkId, { passwordHash, at: new Date() })),
    openResetLink: async (userId, link) => accountOrNull(await repository.openResetLink(userId, link)),
    openVerifyLink: async (userId, link) => accountOrNull(await repository.openVerifyLink(userId, link)),
    async verifyEmail(userId, linkId) {
      const seen = await repository.byId(userId);
      const email = seen?.verifyLink?.id === linkId ? seen.verifyLink.email : null;
      if (!seen || email === null) return null;
      const emailKey = emailKeyOf(email);
      const isNew = emailKey !== seen.emailKey;
      const row = await repository.verifyEmail(userId, linkId, { email, emailKey, isNew, at: new Date() });
      if (isTaken(row)) throw new Problem(row);
      return accountOrNull(row);
    },
    requestDeletion: async ({ id, credentialVersion }, erasure) =>
      accountOrNull(await repository.requestDeletion(id, credentialVersion, erasure)),
    cancelDeletion: async (userId) => accountOrNull(await repository.cancelDeletion(userId, new Date())),
    dueForErasure: async (limit) => (await repository.dueForErasure(new Date(), limit)).map(({ _id }) => _id),
    beginErasing: async (userId) => accountOrNull(await repository.beginErasing(userId, new Date())),
    async erase(userId) {
      const row = await repository.erase(userId);
      return row && views.public(row, null, false);
    },
    setActive: async (userId, isActive) =>
      accountOrNull(await repository.setState(userId, isActive ? 'active' : 'disabled')),
  };
}
