/** Erasing rows: each repository erases its own, in slices, so that nobody waits behind a long write. */
import type { Collection } from 'mongoose';
import { type Id, toId } from './ids.js';

/** Erases what is left of a deleted conversation. */
export interface ErasesConversation {
  eraseConversation(conversationId: string): Promise<void>;
}

/** Erases the rows of an erased account; returns their number. */
export interface ErasesUser {
  eraseUser(userId: string): Promise<number>;
}

const sliceSize = 1000;

/** Deletes the rows that match a filter, a slice at a time; returns their number. */
export async function eraseRows<Stored extends { _id: Id | string }>(
  collection: Collection<Stored>,
  filter: Parameters<Collection<Stored>['find']>[0],
): Promise<number> {
  for (let erased = 0; ;) {
    const some = await collection
      .find(filter, { projection: { _id: 1 } })
      .limit(sliceSize)
      .toArray();
    const slice = { _id: { $in: some.map(({ _id }) => _id) } } as unknown as typeof filter;
    if (some.length > 0) erased += (await collection.deleteMany(slice)).deletedCount;
    if (some.length < sliceSize) return erased;
  }
}

/** Creates `eraseConversation` for a collection whose rows belong to conversations. */
export function createErasesConversation<Stored extends { _id: Id; conversationId: Id | null }>(
  collection: Collection<Stored>,
): ErasesConversation {
  return {
    async eraseConversation(conversationId) {
      await eraseRows(collection, { conversationId: toId(conversationId) } as Parameters<typeof collection.find>[0]);
    },
  };
}
