import type { Relationship } from '../rules/people.js';
import type { RelationRepository } from '../repositories/relations/relation-repository.js';

/** How users relate to each other. */
export interface Relations {
  /** The relationship of a viewer to each of these users. */
  relationship(viewerId: string, userIds: readonly string[]): Promise<Map<string, Relationship>>;
  /** The same from the other side: the relationship of each of these viewers to one user. */
  relationships(userId: string, viewerIds: readonly string[]): Promise<Map<string, Relationship>>;
  /** The users that a user has blocked. */
  blockedBy(userId: string): Promise<string[]>;
  /** The users who have blocked a user. */
  blockersOf(userId: string): Promise<string[]>;
}

interface Pair {
  viewerId: string;
  userId: string;
}

export function createRelations(repository: Pick<RelationRepository, 'among' | 'blockedBy' | 'blockersOf'>): Relations {
  async function read(pairs: readonly Pair[]): Promise<Relationship[]> {
    const others = pairs.filter(({ viewerId, userId }) => viewerId !== userId);
    const found = await repository.among(
      others.flatMap(({ viewerId, userId }) => [
        { ownerId: userId, userId: viewerId },
        { ownerId: viewerId, userId },
      ]),
    );
    const byKey = new Map(found.map((row) => [row._id, row]));
    return pairs.map(({ viewerId, userId }) => {
      const theirs = byKey.get(`${userId} ${viewerId}`);
      const relation = byKey.get(`${viewerId} ${userId}`);
      return {
        isSelf: viewerId === userId,
        isContact: Boolean(theirs?.contactSince),
        hasAdded: Boolean(relation?.contactSince),
        isBlocked: Boolean(theirs?.blockedSince),
        hasBlocked: Boolean(relation?.blockedSince),
      };
    });
  }

  async function mapped(ids: readonly string[], pairOf: (id: string) => Pair): Promise<Map<string, Relationship>> {
    const distinct = [...new Set(ids)];
    const found = await read(distinct.map(pairOf));
    return new Map(distinct.flatMap((id, place) => (found[place] ? [[id, found[place]]] : [])));
  }

  return {
    relationship: (viewerId, userIds) => mapped(userIds, (userId) => ({ viewerId, userId })),
    relationships: (userId, viewerIds) => mapped(viewerIds, (viewerId) => ({ viewerId, userId })),
    blockedBy: async (userId) => (await repository.blockedBy(userId)).map((row) => row.userId),
    blockersOf: async (userId) => (await repository.blockersOf(userId)).map((row) => row.ownerId),
  };
}
