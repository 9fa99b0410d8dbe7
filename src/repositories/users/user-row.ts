import type { Types } from 'mongoose';
import type { PictureRow } from '../uploads/attachment-row.js';
import type { MailLink } from './mail-link.js';
import type { Privacy, Status } from '@causerie/contract/users';
import type { Locale } from '@causerie/contract/problem-codes';

/** What a person says of himself for a while. */
export interface StatusRow extends Omit<Status, 'expiresAt'> {
  expiresAt: Date | null;
}

export interface UserRow {
  _id: Types.ObjectId;
  /** Unique; folded to lower case. */
  username: string;
  email: string;
  /** Unique; the address in lower case. */
  emailKey: string;
  emailVerified: boolean;
  displayName: string;
  /** What the directory finds the person by. */
  names: string[];
  bio: string;
  status: StatusRow | null;
  avatar: PictureRow | null;
  passwordHash: string;
  /** Counts the changes of the password and of `state`: what was decided by an older one is decided again. */
  credentialVersion: number;
  /** `leaving` until `erasureAt`, `erasing` while it is worked off, and `erased` for ever. */
  state: 'active' | 'disabled' | 'leaving' | 'erasing' | 'erased';
  erasureAt: Date | null;
  /** In which language the receipt of its erasure is written. */
  erasureLocale: Locale | null;
  privacy: Privacy;
  verifyLink: MailLink | null;
  resetLink: MailLink | null;
  lastSeenAt: Date | null;
  createdAt: Date;
}
