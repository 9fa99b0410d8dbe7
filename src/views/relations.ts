import type { Relationship } from '../rules/people.js';
import type { RelationRepository } from '../repositories/relations/relation-repository.js';

/** What people have made of each other. */
export interface Relations {
  /** What stands between a viewer and each of these people. */
  relationship(viewerId: string, userIds: readonly string[]): Promise<Map<string, Relationship>>;
  /** The same from the other side: what stands between each of these viewers and one person. */
  relationships(userId: string, viewerIds: readonly string[]): Promise<Map<string, Relationship>>;
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
