import type { Conversation } from '@causerie/contract/conversations';
import type { CreatedGroup, ListMembers, MemberList, OpenConversation } from '@causerie/contract/groups';
import type { DomainEvents } from '../../domain-events.js';
import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { GroupReceipts } from '../../log/project.js';
import type { Log } from '../../log/log.js';
import type { ConversationRepository } from '../../repositories/conversations/conversation-repository.js';
import type { GroupRepository } from '../../repositories/conversations/group-repository.js';
import type { MemberChangeRepository } from '../../repositories/members/member-change-repository.js';
import type { MemberRepository } from '../../repositories/members/member-repository.js';
import type { Links } from '../../views/links.js';
import type { Conversations } from '../conversations/conversations.service.js';
import type { Reservations } from '../media/reservations.js';
import type { Messages } from '../messages/messages.service.js';
import type { Users } from '../users/users.service.js';
import { type AdmitMembers, createAdmitMembers } from './admit-members.js';
import { createChangeGroup } from './change-group.js';
import { type ChangeMembers, createChangeMembers } from './change-members.js';
import { createGroupCreation, type GroupCreation } from './create-group.js';
import { createDeleteGroup } from './delete-group.js';
import { createEditGroup, type EditGroup } from './edit-group.js';
import { createGroupMembers } from './members.js';
import { createOwnership, type Ownership } from './ownership.js';
import { createGroupPublisher } from './publish-group.js';

interface Deps {
  repositories: {
    groups: GroupRepository;
    members: MemberRepository;
    memberChanges: MemberChangeRepository;
    conversations: Pick<ConversationRepository, 'raiseCannotSee'>;
  };
  users: Pick<Users, 'people' | 'statesOf' | 'refs'>;
  conversations: Conversations;
  messages: Pick<Messages, 'publisher'>;
  log: Pick<Log, 'appendSystem' | 'change'>;
  groupReceipts: Pick<GroupReceipts, 'raise'>;
  reservations: Reservations;
  links: Pick<Links, 'picture'>;
  cursors: Cursors;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  isConnected(userId: string): boolean;
  /** Waits until everything that was allowed before has been committed or rejected. */
  drained(): Promise<void>;
  onError(error: unknown): void;
  /** Erases the content of a conversation. */
  eraseContent(conversationId: string): Promise<void>;
  /** GROUP_MAX_MEMBERS. */
  maxMembers: number;
}

/** Groups. All throw `not_found` if the actor is not a member, and `forbidden` if their role does not allow it. */
export interface Groups
  extends GroupCreation, Pick<AdmitMembers, 'add'>, ChangeMembers, EditGroup, Omit<Ownership, 'transfer'> {
  /** Opens a conversation of either type. */
  open(actor: Actor, input: OpenConversation): Promise<{ conversation: Conversation | CreatedGroup; isNew: boolean }>;
  get(actor: Actor, id: string): Promise<Conversation>;
  members(actor: Actor, id: string, page: ListMembers): Promise<MemberList>;
  transfer(actor: Actor, id: string, userId: string): Promise<Conversation>;
  /** Completes changes and deletions that were interrupted before a moment. */
  completePending(before: Date): Promise<void>;
}

export function createGroups(deps: Deps): Groups {
  const { repositories, conversations } = deps;
  const members = createGroupMembers(deps);
  const publisher = createGroupPublisher({ ...deps, members });
  const changes = createChangeGroup({ ...deps, publisher });
  const deletion = createDeleteGroup({ ...deps, changes });
  const ownership = createOwnership({ ...deps, members, changes, deletion });
  const admission = createAdmitMembers({ ...deps, members, changes, leave: ownership.leave });
  const { create } = createGroupCreation({ ...deps, admission, changes });

  return {
    ...createChangeMembers({ members, changes }),
    ...createEditGroup({ ...deps, members, changes }),
    ...ownership,
    create,
    add: admission.add,
    members: members.list,
    async open(actor, input) {
      if (input.type === 'direct') return conversations.openConversation(actor, input);
      const { type: _group, ...rest } = input;
      const { group, isNew } = await create(actor, rest);
      return { conversation: group, isNew };
    },
    async get({ userId }, id) {
      await members.requireGroup(userId, id);
      return conversations.viewFor(userId, id);
    },
    async transfer(actor, id, userId) {
      await ownership.transfer(actor, id, userId);
      return conversations.viewFor(actor.userId, id);
    },
    async completePending(before) {
      for (const group of await repositories.groups.unfinished(before)) {
        if (group.pending) await changes.complete(group, group.pending);
        if (group.state === 'deleting') await deletion.complete(group);
      }
    },
  };
}
