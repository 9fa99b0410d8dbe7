import type { Collection } from 'mongoose';
import { type Id, toId } from './ids.js';

/** The part of a repository whose rows belong to conversations. */
export interface ConversationErasure {
  /** Erases all rows of a conversation, a slice at a time; other writes get their turn in between. */
  eraseConversation(conversationId: string): Promise<void>;
}

interface StoredInConversation {
  _id: Id;
  conversationId: Id | null;
}

const sliceSize = 1000;

export function createConversationErasure<Stored extends StoredInConversation>(
  collection: Collection<Stored>,
): ConversationErasure {
  type Filter = Parameters<typeof collection.find>[0];

  /** Returns false once nothing is left. */
  async function eraseSlice(conversationId: Id): Promise<boolean> {
    const slice = await collection
      .find({ conversationId } as Filter, { projection: { _id: 1 } })
      .limit(sliceSize)
      .toArray();
    if (slice.length > 0) await collection.deleteMany({ _id: { $in: slice.map(({ _id }) => _id) } } as Filter);
    return slice.length === sliceSize;
  }

  return {
    async eraseConversation(conversationId) {
      while (await eraseSlice(toId(conversationId)));
    },
  };
}
