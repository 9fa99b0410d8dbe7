import { type Between, maySeePresence, maySeeStatus, type Owner, showsOf } from './people.policy.js';
import type { Facing, FacingMemory } from './facing-memory.js';
import type { Relations } from './relations.js';
import type { UserViews } from './user-views.js';
import type { UserRow, UserRows } from './users.model.js';
import type { Presence, PublicUser } from './users.schemas.js';

interface Deps {
  rows: Pick<UserRows, 'byIds'>;
  relations: Relations;
  memory: Pick<FacingMemory, 'of'>;
  presence: { of(userId: string): { online: boolean; lastSeenAt: Date | null } };
  views: UserViews;
}

/** Somebody as one viewer meets him: what he sees of him, and what the rules go by. */
export interface Person {
  view: PublicUser;
  owner: Owner;
  between: Between;
}

/** People as others meet them: every answer about somebody passes here. */
export interface People {
  /** These people as a viewer meets them; without those who are not there. */
  of(viewerId: string, userIds: readonly string[]): Promise<Map<string, Person>>;
  /** How a person stands to another one, or to a group (null), whenever he writes or reads there. */
  facing(userId: string, otherId: string | null): Promise<Facing>;
  /** What the viewer may know of who is online; null where he may not, nothing for who is not there. */
  presencesOf(viewerId: string, userIds: readonly string[]): Promise<Map<string, Presence | null>>;
  /** What each of these viewers may know of one person; empty if he is not there. */
  presenceFor(userId: string, viewerIds: readonly string[]): Promise<Map<string, Presence | null>>;
  /** A row as one viewer sees it. */
  viewOf(row: UserRow, between: Between): PublicUser;
}

/** What the rules go by. */
export function ownerOf({ privacy, state }: UserRow): Owner {
  return { privacy, isActive: state === 'active', isLeaving: state !== 'active' && state !== 'disabled' };
}

/** Builds what people see of each other. */
export function createPeople({ rows, relations, memory, presence, views }: Deps): People {
  function presenceOf(row: UserRow): Presence {
    const { online, lastSeenAt } = presence.of(String(row._id));
    return { online, lastSeenAt: online ? null : ((lastSeenAt ?? row.lastSeenAt)?.toISOString() ?? null) };
  }

  const presenceShown = (row: UserRow, between: Between): Presence | null =>
    maySeePresence(between, ownerOf(row)) ? presenceOf(row) : null;

  const viewOf = (row: UserRow, between: Between): PublicUser =>
    views.public(row, presenceShown(row, between), maySeeStatus(between));

  /** The rows of people with what stands between them and a viewer. */
  async function met<View>(
    viewerId: string,
    userIds: readonly string[],
    view: (row: UserRow, between: Between) => View,
  ): Promise<Map<string, View>> {
    const ids = [...new Set(userIds)];
    if (ids.length === 0) return new Map();
    const [found, betweens] = await Promise.all([rows.byIds(ids), relations.between(viewerId, ids)]);
    return new Map(
      found.flatMap((row) => {
        const between = betweens.get(String(row._id));
        return between ? [[String(row._id), view(row, between)]] : [];
      }),
    );
  }

  async function facing(userId: string, otherId: string | null): Promise<Facing> {
    const found = await met(userId, otherId === null ? [userId] : [userId, otherId], (row, between) => ({
      owner: ownerOf(row),
      between,
    }));
    const own = found.get(userId);
    const other = (otherId !== null && found.get(otherId)) || null;
    return { other, shows: own ? showsOf(own.owner, other) : { delivered: true, read: true } };
  }

  return {
    viewOf,
    of: (viewerId, userIds) =>
      met(viewerId, userIds, (row, between) => ({ view: viewOf(row, between), owner: ownerOf(row), between })),
    presencesOf: (viewerId, userIds) => met(viewerId, userIds, presenceShown),
    facing: (userId, otherId) => memory.of(userId, otherId, () => facing(userId, otherId)),
    async presenceFor(userId, viewerIds) {
      const [[row], betweens] = await Promise.all([rows.byIds([userId]), relations.betweenAll(userId, viewerIds)]);
      if (!row) return new Map();
      return new Map([...betweens].map(([viewerId, between]) => [viewerId, presenceShown(row, between)]));
    },
  };
}
