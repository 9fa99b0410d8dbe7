import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { Conversation } from '@causerie/contract/conversations';
import type { ConversationRow, ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { Removals } from '../../log/removals.js';
import type { ReadPositions } from './read-positions.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'ofPair'>;
    members: Pick<MemberRepository, 'groupsOf' | 'incrementRevisionsIn'>;
  };
  contacts: Pick<Contacts, 'block' | 'unblock' | 'announce'>;
  readPositions: Pick<ReadPositions, 'publishOwnState'>;
  viewFor(userId: string, conversationId: string): Promise<Conversation>;
  removals: Removals;
  /** Waits until nothing can land any more that was allowed before. */
  drained(): Promise<void>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** The blocking of people, with what ends with it. */
export interface Blocking {
  /**
   * Blocks somebody: when it is answered, nothing between the two lands any more. Throws `not_found`, `invalid_input`
   * for oneself, and `conflict` beyond 1,000.
   */
  block(actor: Actor, userId: string): Promise<void>;
  /** Ends a block; nothing if there was none. */
  unblock(actor: Actor, userId: string): Promise<void>;
}

/** Builds what a block does to conversations. */
export function createBlocking({
  repositories,
  contacts,
  readPositions,
  viewFor,
  removals,
  drained,
  bus,
}: Deps): Blocking {
  const { conversations, members } = repositories;

  /** The groups that two people share: what mentions the one by the other counts anew there. */
  async function sharedGroups(userId: string, otherId: string): Promise<ConversationRow['_id'][]> {
    const pairs = await members.groupsOf([userId, otherId]);
    const others = new Set(
      pairs.filter((one) => String(one.userId) === otherId).map((one) => String(one.conversationId)),
    );
    return pairs
      .filter((one) => String(one.userId) === userId && others.has(String(one.conversationId)))
      .map((one) => one.conversationId);
  }

  /** The own devices learn what they may do here now, and how their badges stand. */
  async function publishToOwnDevices(actor: Actor, userId: string, direct: ConversationRow | null): Promise<void> {
    const groups = await sharedGroups(actor.userId, userId);
    await members.incrementRevisionsIn(actor.userId, [...groups, ...(direct ? [direct._id] : [])]);
    await contacts.announce(actor, userId);
    bus.publish('presence.redacted', { userId: actor.userId });
    if (direct) {
      const { id, permissions } = await viewFor(actor.userId, String(direct._id));
      const update = { conversationId: id, rev: null, changes: { permissions }, userId: actor.userId };
      bus.publish('conversation.updated', update);
    }
    for (const group of groups) await readPositions.publishOwnState(actor.userId, String(group));
  }

  return {
    async block(actor, userId) {
      const isNew = await contacts.block(actor, userId);
      const direct = await conversations.ofPair(actor.userId, userId);
      if (direct) {
        const conversationId = String(direct._id);
        for (const one of [actor.userId, userId]) removals.recordRemoval(conversationId, one);
        bus.publish('contact.severed', { conversationId, userIds: [actor.userId, userId] });
        await drained();
      }
      if (isNew) await publishToOwnDevices(actor, userId, direct);
    },
    async unblock(actor, userId) {
      const wasBlocked = await contacts.unblock(actor, userId);
      if (wasBlocked) await publishToOwnDevices(actor, userId, await conversations.ofPair(actor.userId, userId));
    },
  };
}
