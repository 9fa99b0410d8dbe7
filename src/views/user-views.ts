import type { Links } from './links.js';
import type { UserRow } from '../repositories/users/user-repository.js';
import type { Me, Presence, PublicUser, Status, UserRef } from '@causerie/contract/users';

/** Users as responses show them. */
export interface UserViews {
  /** A user by name. */
  ref(row: UserRow): UserRef;
  /** A profile; `presence` is null and `isStatusShown` false for a viewer who may not see them. */
  public(row: UserRow, presence: Presence | null, isStatusShown: boolean): PublicUser;
  /** An account as its owner sees it. */
  me(row: UserRow): Me;
}

/** The present status of a user; null if there is none, or it has expired. */
function toStatus({ status }: UserRow): Status | null {
  if (!status || (status.expiresAt !== null && status.expiresAt.getTime() <= Date.now())) return null;
  return { emoji: status.emoji, text: status.text, expiresAt: status.expiresAt?.toISOString() ?? null };
}

export function createUserViews(links: Pick<Links, 'picture'>): UserViews {
  function ref({ _id, username, displayName, avatar, state }: UserRow): UserRef {
    const deleted = state === 'erased';
    return {
      id: _id,
      username: deleted ? null : username,
      displayName,
      avatar: avatar ? links.picture(avatar) : null,
      deleted,
    };
  }

  return {
    ref,
    public: (row, presence, isStatusShown) => ({
      ...ref(row),
      bio: row.bio,
      status: isStatusShown ? toStatus(row) : null,
      presence,
    }),
    me(row) {
      const { lastSeen, readReceipts, directMessages, groupInvites, findByEmail } = row.privacy;
      return {
        ...ref(row),
        email: row.email,
        emailVerified: row.emailVerified,
        bio: row.bio,
        status: toStatus(row),
        privacy: { lastSeen, readReceipts, directMessages, groupInvites, findByEmail },
        createdAt: row.createdAt.toISOString(),
      };
    },
  };
}
