import type { SyncAnswer, SyncRequest } from '@causerie/contract/sync';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { Membership } from '../../views/membership.js';
import type { Conversations } from '../conversations/conversations.service.js';
import { findChanged, stateOf } from './changed-conversation.js';
import { type CollectionReads, createReadCollections } from './read-collections.js';
import { type ConversationReads, createReadConversations } from './read-conversations.js';
import { type ConversationState, decodeVector, encodeVector } from './sync-cursor.js';

type Deps = ConversationReads &
  CollectionReads & {
    repositories: { members: Pick<MemberRepository, 'conversationsByCursorIndex'> };
    conversations: Pick<Conversations, 'membershipsWithOthers'>;
    cursors: Cursors;
  };

export interface Sync {
  /** Everything that has changed for a user since a cursor; throws `invalid_input` for a cursor of another user. */
  since(actor: Actor, request: SyncRequest): Promise<SyncAnswer>;
}

type ConversationStates = ReadonlyMap<number, ConversationState>;

const byCursorIndex = (state: ConversationState): [number, ConversationState] => [state.cursorIndex, state];

/** Catches devices up by one cursor. */
export function createSync(deps: Deps): Sync {
  const { repositories, conversations, cursors } = deps;
  const readConversations = createReadConversations(deps);
  const readCollections = createReadCollections(deps);

  /** The ids of conversations that the user is not in any more. */
  async function removedIds(userId: string, endedIndexes: number[], memberships: readonly Membership[]) {
    const ids = await repositories.members.conversationsByCursorIndex(userId, endedIndexes);
    // A user who has joined again has another cursor index in the same conversation.
    const present = new Set(memberships.map(({ conversation }) => conversation._id));
    return ids.filter((id) => !present.has(id));
  }

  async function conversationsSince(userId: string, known: ConversationStates, limit: number) {
    // All numbers are read before any content, so the content is at least as new as the next cursor says.
    const memberships = await conversations.membershipsWithOthers(userId);
    const changed = findChanged(memberships, known);
    const sent = changed.slice(0, limit);
    const present = new Set(memberships.map(({ member }) => member.slot));
    const ended = [...known.keys()].filter((cursorIndex) => !present.has(cursorIndex));
    const [removed, synced] = await Promise.all([
      removedIds(userId, ended, memberships),
      readConversations(userId, sent),
    ]);
    const states = new Map([
      ...[...known].filter(([cursorIndex]) => present.has(cursorIndex)),
      ...sent.map(({ membership }) => byCursorIndex(stateOf(membership))),
    ]);
    return { removed, synced, states, hasMore: changed.length > sent.length };
  }

  return {
    async since({ userId }, { cursor, limit }) {
      const known = decodeVector(cursors, userId, cursor);
      const [{ removed, synced, states, hasMore }, { views, versions }] = await Promise.all([
        conversationsSince(userId, new Map(known.conversations.map(byCursorIndex)), limit),
        readCollections(userId, known.versions),
      ]);
      return {
        cursor: encodeVector(cursors, userId, { conversations: [...states.values()], versions }),
        hasMore,
        ...views,
        conversations: synced,
        removedConversationIds: removed,
      };
    },
  };
}
