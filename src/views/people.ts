import { canSeePresence, canSeeStatus, type Profile, type Relationship } from '../rules/people.js';
import type { Relations } from './relations.js';
import type { UserViews } from './user-views.js';
import type { UserRow, UserRepository } from '../repositories/users/user-repository.js';
import type { Presence, PublicUser } from '@causerie/contract/users';

interface Deps {
  repository: Pick<UserRepository, 'byIds'>;
  relations: Relations;
  presence: { of(userId: string): { online: boolean; lastSeenAt: Date | null } };
  views: UserViews;
}

/** A user for one viewer: what the viewer sees, and what the rules depend on. */
export interface Person {
  view: PublicUser;
  profile: Profile;
  relationship: Relationship;
}

/** Users as others see them: everything that is shown of a user passes here. */
export interface People {
  /** These users for a viewer; without those that do not exist. */
  of(viewerId: string, userIds: readonly string[]): Promise<Map<string, Person>>;
  /** These users as the rules see them, without a view. */
  profilesOf(viewerId: string, userIds: readonly string[]): Promise<Map<string, Omit<Person, 'view'>>>;
  /** The presence of these users; null if the viewer may not see it. Without users that do not exist. */
  presencesOf(viewerId: string, userIds: readonly string[]): Promise<Map<string, Presence | null>>;
  /** The presence of a user for each of these viewers; empty if the user does not exist. */
  presenceFor(userId: string, viewerIds: readonly string[]): Promise<Map<string, Presence | null>>;
  /** A row as one viewer sees it. */
  viewOf(row: UserRow, relationship: Relationship): PublicUser;
}

export function profileOf({ privacy, state }: UserRow): Profile {
  return { privacy, isActive: state === 'active', isLeaving: state !== 'active' && state !== 'disabled' };
}

export function createPeople({ repository, relations, presence, views }: Deps): People {
  function presenceOf(row: UserRow): Presence {
    const { online, lastSeenAt } = presence.of(row._id);
    return { online, lastSeenAt: online ? null : ((lastSeenAt ?? row.lastSeenAt)?.toISOString() ?? null) };
  }

  const presenceShown = (row: UserRow, relationship: Relationship): Presence | null =>
    canSeePresence({ relationship, profile: profileOf(row) }) ? presenceOf(row) : null;

  const viewOf = (row: UserRow, relationship: Relationship): PublicUser =>
    views.public(row, presenceShown(row, relationship), canSeeStatus(relationship));

  /** The rows of users, each with its relationship to a viewer. */
  async function met<View>(
    viewerId: string,
    userIds: readonly string[],
    view: (row: UserRow, relationship: Relationship) => View,
  ): Promise<Map<string, View>> {
    const ids = [...new Set(userIds)];
    if (ids.length === 0) return new Map();
    const [found, relationships] = await Promise.all([repository.byIds(ids), relations.relationship(viewerId, ids)]);
    return new Map(
      found.flatMap((row) => {
        const relationship = relationships.get(row._id);
        return relationship ? [[row._id, view(row, relationship)]] : [];
      }),
    );
  }

  return {
    viewOf,
    of: (viewerId, userIds) =>
      met(viewerId, userIds, (row, relationship) => ({
        view: viewOf(row, relationship),
        profile: profileOf(row),
        relationship,
      })),
    presencesOf: (viewerId, userIds) => met(viewerId, userIds, presenceShown),
    profilesOf: (viewerId, userIds) =>
      met(viewerId, userIds, (row, relationship) => ({ profile: profileOf(row), relationship })),
    async presenceFor(userId, viewerIds) {
      const [[row], relationships] = await Promise.all([
        repository.byIds([userId]),
        relations.relationships(userId, viewerIds),
      ]);
      if (!row) return new Map();
      return new Map(
        [...relationships].map(([viewerId, relationship]) => [viewerId, presenceShown(row, relationship)]),
      );
    },
  };
}
