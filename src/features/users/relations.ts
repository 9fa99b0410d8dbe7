import type { Between } from './people.policy.js';
import type { RelationRows } from './relations.model.js';

/** What people have made of each other. */
export interface Relations {
  /** What stands between a viewer and each of these people. */
  between(viewerId: string, userIds: readonly string[]): Promise<Map<string, Between>>;
  /** The same from the other side: what stands between each of these viewers and one person. */
  betweenAll(userId: string, viewerIds: readonly string[]): Promise<Map<string, Between>>;
  /** Whom a person has blocked. */
  blockedBy(userId: string): Promise<string[]>;
  /** Who has blocked a person. */
  blockersOf(userId: string): Promise<string[]>;
}

interface Pair {
  viewerId: string;
  userId: string;
}

/** Builds what reads relations. */
export function createRelations(rows: Pick<RelationRows, 'among' | 'blockedBy' | 'blockersOf'>): Relations {
  async function read(pairs: readonly Pair[]): Promise<Between[]> {
    const others = pairs.filter(({ viewerId, userId }) => viewerId !== userId);
    const found = await rows.among(
      others.flatMap(({ viewerId, userId }) => [
        { ownerId: userId, userId: viewerId },
        { ownerId: viewerId, userId },
      ]),
    );
    const byKey = new Map(found.map((row) => [row._id, row]));
    return pairs.map(({ viewerId, userId }) => {
      const theirs = byKey.get(`${userId} ${viewerId}`);
      const own = byKey.get(`${viewerId} ${userId}`);
      return {
        isSelf: viewerId === userId,
        isContact: Boolean(theirs?.contactSince),
        hasAdded: Boolean(own?.contactSince),
        isBlocked: Boolean(theirs?.blockedSince),
        hasBlocked: Boolean(own?.blockedSince),
      };
    });
  }

  async function mapped(ids: readonly string[], pairOf: (id: string) => Pair): Promise<Map<string, Between>> {
    const distinct = [...new Set(ids)];
    const found = await read(distinct.map(pairOf));
    return new Map(distinct.flatMap((id, place) => (found[place] ? [[id, found[place]]] : [])));
  }

  return {
    between: (viewerId, userIds) => mapped(userIds, (userId) => ({ viewerId, userId })),
    betweenAll: (userId, viewerIds) => mapped(viewerIds, (viewerId) => ({ viewerId, userId })),
    blockedBy: async (userId) => (await rows.blockedBy(userId)).map((row) => String(row.userId)),
    blockersOf: async (userId) => (await rows.blockersOf(userId)).map((row) => String(row.ownerId)),
  };
}
