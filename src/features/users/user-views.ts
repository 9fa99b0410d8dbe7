import type { UserRow } from './users.model.js';
import type { Me, Presence, PublicUser, UserRef } from './users.schemas.js';

/** A person as everybody may name one. */
export function toRef(row: UserRow): UserRef {
  return { id: String(row._id), username: row.username, displayName: row.displayName, avatar: null, deleted: false };
}

/** A profile; `presence` is null for who may not know. */
export function toPublicUser(row: UserRow, presence: Presence | null): PublicUser {
  return { ...toRef(row), bio: row.bio, status: null, presence };
}

/** The own account, as its owner sees it. */
export function toMe(row: UserRow): Me {
  const { lastSeen, readReceipts, directMessages, groupInvites, findByEmail } = row.privacy;
  return {
    ...toRef(row),
    email: row.email,
    emailVerified: row.emailVerified,
    bio: row.bio,
    status: null,
    privacy: { lastSeen, readReceipts, directMessages, groupInvites, findByEmail },
    createdAt: row.createdAt.toISOString(),
  };
}
