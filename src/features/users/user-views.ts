import type { UserRow } from './users.model.js';
import type { Me, Presence, PublicUser, Status, UserRef } from './users.schemas.js';

/** A person as everybody may name one. */
export function toRef({ _id, username, displayName, state }: UserRow): UserRef {
  const deleted = state === 'erased';
  return { id: String(_id), username: deleted ? null : username, displayName, avatar: null, deleted };
}

/** What somebody says of himself now; null for nothing, and for what has run out. */
function toStatus({ status }: UserRow): Status | null {
  if (!status || (status.expiresAt !== null && status.expiresAt.getTime() <= Date.now())) return null;
  return { emoji: status.emoji, text: status.text, expiresAt: status.expiresAt?.toISOString() ?? null };
}

/** A profile; `presence` is null for who may not know, and `isStatusShown` false for who may not see it. */
export function toPublicUser(row: UserRow, presence: Presence | null, isStatusShown: boolean): PublicUser {
  return { ...toRef(row), bio: row.bio, status: isStatusShown ? toStatus(row) : null, presence };
}

/** The own account, as its owner sees it. */
export function toMe(row: UserRow): Me {
  const { lastSeen, readReceipts, directMessages, groupInvites, findByEmail } = row.privacy;
  return {
    ...toRef(row),
    email: row.email,
    emailVerified: row.emailVerified,
    bio: row.bio,
    status: toStatus(row),
    privacy: { lastSeen, readReceipts, directMessages, groupInvites, findByEmail },
    createdAt: row.createdAt.toISOString(),
  };
}
