import { type Conversations } from '../features/conversations/conversations.service.js';
import { createGroupChanging } from '../features/groups/group-changing.js';
import { createGroupPublisher } from '../features/groups/group-publisher.js';
import { createGroups } from '../features/groups/groups.service.js';
import { type Messages } from '../features/messages/messages.service.js';
import { type Users } from '../features/users/users.service.js';
import { type Cursors } from '../kernel/cursors.js';
import type { Log } from '../log/log.js';
import type { GroupReceipts } from '../log/project.js';
import type { Reservations } from '../features/media/reservations.js';
import type { Links } from '../views/links.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';

/** The parts that groups use. */
export interface GroupChat {
  users: Users;
  log: Log;
  groupReceipts: GroupReceipts;
  conversations: Conversations;
  messages: Messages;
  cursors: Cursors;
  reservations: Reservations;
  links: Links;
  /** Waits until everything that was allowed before is written or rejected. */
  drained: () => Promise<void>;
}

/** Groups over their conversations and messages. */
export function createGroupFeature(
  { config, logger }: ServerOptions,
  { repositories, bus, isConnected }: Infrastructure,
  chat: GroupChat,
) {
  const { users, conversations, messages, links } = chat;
  const { members, memberChanges } = repositories;
  const publisher = createGroupPublisher({ members, users, conversations, bus, links, isConnected });
  const changing = createGroupChanging({
    ...chat,
    repository: repositories.groups,
    memberChanges,
    conversationRepository: repositories.conversations,
    messages,
    publisher,
    bus,
    onError: (error) => logger.warn({ err: error }, 'deleting a group failed; retrying'),
  });
  const groups = createGroups({
    ...chat,
    repository: repositories.groups,
    members,
    memberChanges,
    changing,
    publisher,
    maxMembers: config.groupMaxMembers,
  });
  return { groups, groupChanging: changing };
}
