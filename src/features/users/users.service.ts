import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { notFound, Problem } from '../../kernel/problem.js';
import { createFindUsers } from './find-users.js';
import { createPeople, type People } from '../../views/people.js';
import type { Relations } from '../../views/relations.js';
import type { Reservations } from '../media/reservations.js';
import { reservationKeys } from '../../rules/uploads.js';
import type { UserViews } from '../../views/user-views.js';
import type { UserRow, UserRepository } from '../../repositories/users/user-repository.js';
import type { Me, PublicUser, SetStatus, UpdatePrivacy, UpdateProfile, UserRef } from '@causerie/contract/users';

interface Deps {
  repository: UserRepository;
  relations: Relations;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  presence: { of(userId: string): { online: boolean; lastSeenAt: Date | null } };
  reservations: Pick<Reservations, 'reservePicture' | 'attach' | 'suspect' | 'dropOne'>;
  views: UserViews;
}

export interface Users {
  /** The caller's own account; throws `unauthenticated` if it is gone. */
  me(userId: string): Promise<Me>;
  /** Changes the given fields of a profile; throws `username_taken`. */
  updateProfile(actor: Actor, profile: UpdateProfile): Promise<Me>;
  /** Throws `not_found` if the upload is not the caller's, and `invalid_input` if it has another purpose. */
  setAvatar(actor: Actor, uploadId: string): Promise<Me>;
  removeAvatar(actor: Actor): Promise<Me>;
  /** Replaces the own status; null removes it. */
  setStatus(actor: Actor, status: SetStatus | null): Promise<Me>;
  /** Changes the given privacy settings of a user. */
  setPrivacy(userId: string, changes: UpdatePrivacy): Promise<Me>;
  /** A profile as the viewer may see it; throws `not_found`. */
  profile(viewerId: string, userId: string): Promise<PublicUser>;
  people: People;
  relations: Relations;
  /** The users that the directory finds for a viewer, at most 20. */
  find(viewerId: string, q: string): Promise<PublicUser[]>;
  /** The id of a username; null if there is no active account of that name. */
  idOf(username: string): Promise<string | null>;
  refs(userIds: readonly string[]): Promise<Map<string, UserRef>>;
  /** The same in the order of the ids; without users that do not exist. */
  listed(userIds: readonly string[]): Promise<UserRef[]>;
  /** Those of these users who hide their reading. */
  hidingAmong(userIds: readonly string[]): Promise<string[]>;
  /** The state of each of these accounts; without those that never existed. */
  statesOf(userIds: readonly string[]): Promise<Map<string, UserRow['state']>>;
  /** Stores when the last socket of a user disconnected. */
  recordLastSeen(userId: string, at: Date): Promise<void>;
}

/** Without absent fields: they change nothing. */
function given<Changes extends object>(
  changes: Changes,
): Partial<{ [Key in keyof Changes]: NonNullable<Changes[Key]> }> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<{
    [Key in keyof Changes]: NonNullable<Changes[Key]>;
  }>;
}

type Naming = Pick<Users, 'refs' | 'listed' | 'hidingAmong' | 'statesOf'>;

/** Reads users by their ids, each in one form. */
function createNaming(repository: Pick<UserRepository, 'byIds'>, views: UserViews): Naming {
  async function mapped<View>(userIds: readonly string[], view: (row: UserRow) => View): Promise<Map<string, View>> {
    const found = await repository.byIds([...new Set(userIds)]);
    return new Map(found.map((row) => [row._id, view(row)]));
  }

  return {
    refs: (userIds) => mapped(userIds, views.ref),
    async listed(userIds) {
      const refs = await mapped(userIds, views.ref);
      return userIds.flatMap((id) => refs.get(id) ?? []);
    },
    async hidingAmong(userIds) {
      const shows = await mapped(userIds, ({ privacy }) => privacy.readReceipts);
      return userIds.filter((id) => shows.get(id) === false);
    },
    statesOf: (userIds) => mapped(userIds, ({ state }) => state),
  };
}

async function idOf(repository: Pick<UserRepository, 'byUsername'>, username: string): Promise<string | null> {
  const row = await repository.byUsername(username);
  return row?.state === 'active' ? row._id : null;
}

/** Shows an avatar, and deletes the one that it replaces. */
function createAvatars(
  { repository, reservations, views }: Pick<Deps, 'repository' | 'reservations' | 'views'>,
  announce: (row: UserRow) => Promise<Me>,
): Pick<Users, 'setAvatar' | 'removeAvatar'> {
  async function show(userId: string, avatar: UserRow['avatar']): Promise<Me> {
    for (;;) {
      const known = await repository.byId(userId);
      if (known === null) throw new Problem('unauthenticated');
      const before = known.avatar ?? null;
      const [was, is] = [before, avatar].map((one) => (one ? one._id : null));
      if (was && was !== is) await reservations.suspect(was);
      const row = was === is ? known : await repository.setAvatar(userId, avatar, before);
      // If another device was faster, its picture is the one that is replaced.
      if (row === null) continue;
      if (is) await reservations.attach(reservationKeys.avatar(userId), is);
      if (was && was !== is) await reservations.dropOne(was);
      return was === is ? views.me(row) : announce(row);
    }
  }

  return {
    async setAvatar({ userId }, uploadId) {
      const request = { ownerId: userId, purpose: 'avatar', reservation: reservationKeys.avatar(userId) } as const;
      return show(userId, await reservations.reservePicture(request, uploadId, 'body.uploadId'));
    },
    removeAvatar: ({ userId }) => show(userId, null),
  };
}

export function createUsers(deps: Deps): Users {
  const { repository, relations, bus, views } = deps;
  const people = createPeople(deps);

  async function me(userId: string): Promise<Me> {
    const row = await repository.byId(userId);
    if (!row) throw new Problem('unauthenticated');
    return views.me(row);
  }

  /** Publishes a changed profile; the users that its owner has blocked do not see the status. */
  async function announce(row: UserRow): Promise<Me> {
    const { presence: _redacted, ...user } = views.public(row, null, true);
    const cannotSeeIds = user.status === null ? [] : await relations.blockedBy(user.id);
    const view = views.me(row);
    bus.publish('user.updated', { user, cannotSeeIds });
    bus.publish('settings.updated', { userId: user.id, me: view });
    return view;
  }

  return {
    me,
    people,
    relations,
    ...createNaming(repository, views),
    find: createFindUsers({ repository, relations, people }),
    async updateProfile({ userId }, profile) {
      const changes = given(profile);
      if (Object.keys(changes).length === 0) return me(userId);
      const row = await repository.setProfile(userId, changes);
      if (row === 'username_taken' || row === 'email_taken') throw new Problem(row);
      if (row === null) throw new Problem('unauthenticated');
      return announce(row);
    },
    ...createAvatars(deps, announce),
    async setStatus({ userId }, status) {
      const hasContent = status !== null && (status.emoji !== null || status.text !== null);
      const expiresAt = status?.expiresAt ? new Date(status.expiresAt) : null;
      const row = await repository.setStatus(userId, hasContent ? { ...status, expiresAt } : null);
      if (row === null) throw new Problem('unauthenticated');
      return announce(row);
    },
    async setPrivacy(userId, changes) {
      const set = given(changes);
      if (Object.keys(set).length === 0) return me(userId);
      const row = await repository.setPrivacy(userId, set);
      if (row === null) throw new Problem('unauthenticated');
      const view = views.me(row);
      bus.publish('settings.updated', { userId, me: view });
      bus.publish('presence.redacted', { userId });
      return view;
    },
    async profile(viewerId, userId) {
      const person = (await people.of(viewerId, [userId])).get(userId);
      if (!person || person.profile.isLeaving) throw notFound();
      return person.view;
    },
    idOf: (username) => idOf(repository, username),
    recordLastSeen: (userId, at) => repository.setLastSeen(userId, at),
  };
}
