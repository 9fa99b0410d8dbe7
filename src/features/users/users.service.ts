import type { Facts } from '../../facts.js';
import type { Actor } from '../../kernel/actor.js';
import type { FactBus } from '../../kernel/fact-bus.js';
import { notFound, Problem } from '../../kernel/problem.js';
import { toMe, toPublicUser, toRef } from './user-views.js';
import type { UserRow, UserRows } from './users.model.js';
import { maySeePresence } from './users.policy.js';
import type { Me, Presence, PublicUser, UpdateProfile, UserRef } from './users.schemas.js';

interface Deps {
  rows: UserRows;
  bus: Pick<FactBus<Facts>, 'publish'>;
  presence: { of(userId: string): { online: boolean; lastSeenAt: Date | null } };
}

export interface Users {
  /** The caller's own account; throws `unauthenticated` if it is gone. */
  me(userId: string): Promise<Me>;
  /** Changes what is given of a profile; throws `username_taken`. */
  updateProfile(actor: Actor, profile: UpdateProfile): Promise<Me>;
  /** Anybody's profile as the viewer may see it; throws `not_found`. */
  profile(viewerId: string, userId: string): Promise<PublicUser>;
  refs(userIds: readonly string[]): Promise<Map<string, UserRef>>;
  publicUsers(viewerId: string, userIds: readonly string[]): Promise<Map<string, PublicUser>>;
  /** What the viewer may know of who is online; null where he may not, nothing for who is not there. */
  presencesOf(viewerId: string, userIds: readonly string[]): Promise<Map<string, Presence | null>>;
  /** What each of these viewers may know of one person; empty if he is not there. */
  presenceFor(userId: string, viewerIds: readonly string[]): Promise<Map<string, Presence | null>>;
  /** Whether there is such an account, and it is active. */
  exists(userId: string): Promise<boolean>;
  /** Which of these people have an account that is active. */
  active(userIds: readonly string[]): Promise<Set<string>>;
  /** Keeps when the last socket of a person was gone. */
  noteLastSeen(userId: string, at: Date): Promise<void>;
}

/** Builds the people of a server: their own accounts and what others see of them. */
export function createUsers({ rows, bus, presence }: Deps): Users {
  function presenceOf(row: UserRow): Presence {
    const { online, lastSeenAt } = presence.of(String(row._id));
    return { online, lastSeenAt: online ? null : ((lastSeenAt ?? row.lastSeenAt)?.toISOString() ?? null) };
  }

  function presenceShown(viewerId: string, row: UserRow): Presence | null {
    const isShown = maySeePresence(viewerId, { id: String(row._id), lastSeen: row.privacy.lastSeen });
    return isShown ? presenceOf(row) : null;
  }

  const publicUserFor = (viewerId: string, row: UserRow): PublicUser => toPublicUser(row, presenceShown(viewerId, row));

  async function mapped<View>(userIds: readonly string[], view: (row: UserRow) => View): Promise<Map<string, View>> {
    const found = await rows.byIds([...new Set(userIds)]);
    return new Map(found.map((row) => [String(row._id), view(row)]));
  }

  async function active(userIds: readonly string[]): Promise<Set<string>> {
    const found = await rows.byIds([...new Set(userIds)]);
    return new Set(found.filter(({ state }) => state === 'active').map(({ _id }) => String(_id)));
  }

  /** Without what was left out: an absent key changes nothing. */
  function changesOf({ displayName, username, bio }: UpdateProfile): Partial<UserRow> {
    return {
      ...(displayName === undefined ? {} : { displayName }),
      ...(username === undefined ? {} : { username }),
      ...(bio === undefined ? {} : { bio }),
    };
  }

  return {
    async me(userId) {
      const row = await rows.byId(userId);
      if (!row) throw new Problem('unauthenticated');
      return toMe(row);
    },
    async updateProfile(actor, profile) {
      const changes = changesOf(profile);
      if (Object.keys(changes).length === 0) return this.me(actor.userId);
      const row = await rows.setProfile(actor.userId, changes);
      if (row === 'username_taken' || row === 'email_taken') throw new Problem(row);
      if (row === null) throw new Problem('unauthenticated');
      const { presence: _unsaid, ...user } = toPublicUser(row, null);
      const me = toMe(row);
      bus.publish('user.updated', { user });
      bus.publish('settings.updated', { userId: actor.userId, me });
      return me;
    },
    async profile(viewerId, userId) {
      const row = await rows.byId(userId);
      if (!row) throw notFound();
      return publicUserFor(viewerId, row);
    },
    refs: (userIds) => mapped(userIds, toRef),
    publicUsers: (viewerId, userIds) => mapped(userIds, (row) => publicUserFor(viewerId, row)),
    presencesOf: (viewerId, userIds) => mapped(userIds, (row) => presenceShown(viewerId, row)),
    async presenceFor(userId, viewerIds) {
      const row = await rows.byId(userId);
      return new Map(row ? viewerIds.map((viewerId) => [viewerId, presenceShown(viewerId, row)]) : []);
    },
    exists: async (userId) => (await active([userId])).has(userId),
    active,
    noteLastSeen: (userId, at) => rows.setLastSeen(userId, at),
  };
}
