import type { Conversation } from '@causerie/contract/conversations';
import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { GroupReceipts } from '../../log/project.js';
import type { PendingSource } from '../../log/projections.js';
import type { Removals } from '../../log/conversation-queues.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { HiddenRepository } from '../../repositories/hidden/hidden-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { ConversationViews } from '../../views/conversation-views.js';
import type { Counting } from '../../views/counting.js';
import type { HasWritten, RelationshipCache } from '../../views/permissions.js';
import type { Contacts } from '../contacts/contacts.service.js';
import type { Users } from '../users/users.service.js';
import { type Blocking, createBlocking } from './blocking.js';
import { type Companions, createCompanions } from './companions.js';
import {
  type ConversationReader,
  createConversationReader,
  createMembershipReader,
  type MembershipReader,
} from './list-conversations.js';
import { createMemberships, type Memberships } from './membership.js';
import { createOpening, type Opening } from './open-conversation.js';
import { createReceiptPrivacy, type ReceiptPrivacy } from './receipt-privacy.js';
import { createReceipts, publishGroupReceipts, type Receipts } from './receipts.js';
import { createSettings, type Settings } from './settings.js';

interface Deps {
  repositories: {
    conversations: ConversationRepository;
    members: MemberRepository;
    hidden: HiddenRepository;
    relationshipCache: Pick<RelationshipCache, 'of'>;
  };
  log: PendingSource;
  users: Pick<Users, 'people' | 'relations' | 'listed' | 'hidingAmong' | 'me' | 'setPrivacy'>;
  contacts: Pick<Contacts, 'block' | 'unblock' | 'announce'>;
  /** The last `seq` of a conversation in its log. */
  lastSeq(conversationId: string): Promise<number>;
  hasWritten: HasWritten;
  /** Waits until everything that was allowed before has been committed or rejected. */
  drained(): Promise<void>;
  views: ConversationViews;
  counting: Counting;
  groupReceipts: GroupReceipts;
  removals: Removals;
  cursors: Cursors;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export interface Conversations
  extends
    Memberships,
    MembershipReader,
    ConversationReader,
    Companions,
    Receipts,
    ReceiptPrivacy,
    Blocking,
    Settings,
    Opening {
  /** Throws `not_found`. */
  get(actor: Actor, conversationId: string): Promise<Conversation>;
  removals: Removals;
  /** Called before a message stops counting for badges. */
  raiseUncounted: ConversationRepository['raiseUncounted'];
}

export function createConversations(deps: Deps): Conversations {
  const { repositories, removals } = deps;
  const memberships = createMemberships(deps);
  const membershipReader = createMembershipReader(deps);
  const reader = createConversationReader({ ...deps, ...memberships, memberships: membershipReader });
  const receipts = createReceipts({ ...deps, ...memberships });
  const parts = { ...deps, ...memberships, ...reader, ...receipts };
  publishGroupReceipts(deps);

  return {
    ...memberships,
    ...membershipReader,
    ...reader,
    ...createCompanions(deps),
    ...receipts,
    ...createReceiptPrivacy(deps),
    ...createBlocking(parts),
    ...createSettings(parts),
    ...createOpening(parts),
    get: ({ userId }, conversationId) => reader.viewFor(userId, conversationId),
    removals,
    raiseUncounted: repositories.conversations.raiseUncounted,
  };
}
