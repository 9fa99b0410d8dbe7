import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Removals } from '../../log/conversation-queues.js';
import type {
  ConversationRow,
  ConversationRepository,
} from '../../repositories/conversations/conversation-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { Receipts } from './receipts.js';
import type { ConversationReader } from './list-conversations.js';

export interface Blocking {
  /**
   * Blocks a user. Once it returns, no message from either to the other is committed any more. Throws `not_found`,
   * `invalid_input` for the caller's own id, and `conflict` beyond 1,000 blocked users.
   */
  blockUser(actor: Actor, userId: string): Promise<void>;
  /** Does nothing if the user is not blocked. */
  unblockUser(actor: Actor, userId: string): Promise<void>;
}

interface Deps {
  repositories: {
    conversations: Pick<ConversationRepository, 'ofPair'>;
    members: Pick<MemberRepository, 'groupsOf' | 'incrementRevisionsIn'>;
  };
  contacts: Pick<Contacts, 'block' | 'unblock' | 'announce'>;
  publishOwnState: Receipts['publishOwnState'];
  viewFor: ConversationReader['viewFor'];
  removals: Pick<Removals, 'recordRemoval'>;
  /** Waits until everything that was allowed before has been committed or rejected. */
  drained(): Promise<void>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** The groups that two users share: mentions of one by the other are counted again there. */
async function sharedGroups(
  members: Pick<MemberRepository, 'groupsOf'>,
  userId: string,
  otherId: string,
): Promise<ConversationRow['_id'][]> {
  const pairs = await members.groupsOf([userId, otherId]);
  const others = new Set(pairs.filter((one) => one.userId === otherId).map((one) => one.conversationId));
  return pairs
    .filter((one) => one.userId === userId && others.has(one.conversationId))
    .map((one) => one.conversationId);
}

/** Shows the actor's own devices what is allowed now, and the new unread counts. */
async function publishToOwnDevices(
  { repositories: { members }, contacts, publishOwnState, viewFor, bus }: Deps,
  actor: Actor,
  otherId: string,
  direct: ConversationRow | null,
): Promise<void> {
  const groups = await sharedGroups(members, actor.userId, otherId);
  await members.incrementRevisionsIn(actor.userId, [...groups, ...(direct ? [direct._id] : [])]);
  await contacts.announce(actor, otherId);
  bus.publish('presence.redacted', { userId: actor.userId });
  if (direct) {
    const { id, permissions } = await viewFor(actor.userId, direct._id);
    const update = { conversationId: id, rev: null, changes: { permissions }, userId: actor.userId };
    bus.publish('conversation.updated', update);
  }
  for (const group of groups) await publishOwnState(actor.userId, group);
}

export function createBlocking(deps: Deps): Blocking {
  const { repositories, contacts, removals, drained, bus } = deps;
  const { conversations } = repositories;

  return {
    async blockUser(actor, userId) {
      const isNew = await contacts.block(actor, userId);
      const direct = await conversations.ofPair(actor.userId, userId);
      if (direct) {
        const conversationId = direct._id;
        for (const one of [actor.userId, userId]) removals.recordRemoval(conversationId, one);
        bus.publish('contact.severed', { conversationId, userIds: [actor.userId, userId] });
        await drained();
      }
      if (isNew) await publishToOwnDevices(deps, actor, userId, direct);
    },
    async unblockUser(actor, userId) {
      if (!(await contacts.unblock(actor, userId))) return;
      await publishToOwnDevices(deps, actor, userId, await conversations.ofPair(actor.userId, userId));
    },
  };
}
