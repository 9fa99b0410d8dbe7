import { type Conversations } from '../features/conversations/conversations.service.js';
import { createGroupChanging } from '../features/groups/group-changing.js';
import { createGroupNews } from '../features/groups/group-news.js';
import { createGroups } from '../features/groups/groups.service.js';
import { type Messages } from '../features/messages/messages.service.js';
import { type Users } from '../features/users/users.service.js';
import { type Cursors } from '../kernel/cursors.js';
import type { Log } from '../log/log.js';
import type { Reached } from '../log/reached.js';
import type { Claiming } from '../features/media/claiming.js';
import type { Links } from '../features/media/links.js';
import type { Ground, Parts } from './ground.js';

/** What groups are built over. */
export interface GroupChat {
  users: Users;
  log: Log;
  reached: Reached;
  conversations: Conversations;
  messages: Messages;
  cursors: Cursors;
  claiming: Claiming;
  links: Links;
  /** Waits until nothing can land any more that was allowed before. */
  passed: () => Promise<void>;
}

/** Groups over their conversations and messages. */
export function createGroupsOver({ config, logger }: Parts, { rows, bus, isConnected }: Ground, chat: GroupChat) {
  const { users, conversations, messages, links } = chat;
  const { members, memberChanges } = rows;
  const news = createGroupNews({ members, users, conversations, bus, links, isConnected });
  const changing = createGroupChanging({
    ...chat,
    rows: rows.groups,
    memberChanges,
    conversationRows: rows.conversations,
    messages,
    news,
    bus,
    onError: (error) => logger.warn({ err: error }, 'a group could not be erased; it is tried again'),
  });
  const groups = createGroups({
    ...chat,
    rows: rows.groups,
    members,
    memberChanges,
    changing,
    news,
    maxMembers: config.groupMaxMembers,
  });
  return { groups, groupChanging: changing };
}
