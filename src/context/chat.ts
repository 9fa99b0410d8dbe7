import { createConversationEraser } from '../repositories/repositories.js';
import { createContacts } from '../features/contacts/contacts.service.js';
import { createConversations } from '../features/conversations/conversations.service.js';
import { createRemovals } from '../log/conversation-queues.js';
import { createKeyedDigests } from '../kernel/keyed-digest.js';
import { createGroups } from '../features/groups/groups.service.js';
import { createMessages } from '../features/messages/messages.service.js';
import { createNotifying } from './notifications.js';
import { createReactions } from '../features/reactions/reactions.service.js';
import { createSync } from '../features/sync/sync.service.js';
import { type Users } from '../features/users/users.service.js';
import { createCursors } from '../kernel/cursors.js';
import { createInFlight } from '../kernel/in-flight.js';
import { createLog } from '../log/log.js';
import { createGroupReceipts } from '../log/project.js';
import { createConversationViews } from '../views/conversation-views.js';
import { createCounting } from '../views/counting.js';
import { createMessageViews } from '../views/message-views.js';
import { createVisibility } from '../views/visibility.js';
import type { Infrastructure, ServerOptions } from './infrastructure.js';
import type { Files } from './files.js';
import type { PeopleParts } from './people.js';

/** The views that several features share. */
function createViews(repositories: Infrastructure['repositories'], { people, relations }: Users, { links }: Files) {
  const { messages, messageChanges: changes, hidden } = repositories;
  const visibility = createVisibility({ messages, hidden });
  const counting = createCounting({ messages, hidden, blockedBy: relations.blockedBy });
  const messageViews = createMessageViews({ messages, changes, visibility, links });
  const conversationViews = createConversationViews({ messages, messageViews, visibility, counting, people, links });
  return { visibility, counting, messageViews, conversationViews };
}

/** The log of conversations, and what ends together with a membership. */
function createConversationLog({ database, logger }: ServerOptions, { repositories }: Infrastructure) {
  const { conversations, members } = repositories;
  const { isShared } = database;
  const groupReceipts = createGroupReceipts({ conversations, members });
  const removals = createRemovals();
  const inFlight = createInFlight();
  const log = createLog({
    ...repositories,
    groupReceipts,
    removals,
    inFlight,
    isShared,
    onError: (error) => logger.warn({ err: error }, 'message log write failed; retrying'),
  });
  return { log, groupReceipts, removals, inFlight };
}

/** Conversations and messages over their log. */
function createMessaging(
  options: ServerOptions,
  infrastructure: Infrastructure,
  { users }: Pick<PeopleParts, 'users'>,
  files: Files,
) {
  const { repositories, keys, bus } = infrastructure;
  const { hidden, messages: messageRepository } = repositories;
  const { log, groupReceipts, removals, inFlight } = createConversationLog(options, infrastructure);
  const views = createViews(repositories, users, files);
  const { visibility, counting, messageViews, conversationViews } = views;
  const cursors = createCursors(keys);
  const contacts = createContacts({ repository: repositories.relations, users, cursors, bus });
  const conversations = createConversations({
    repositories,
    log,
    users,
    contacts,
    lastSeq: messageRepository.lastSeq,
    hasWritten: messageRepository.hasWritten,
    drained: log.drained,
    views: conversationViews,
    counting,
    groupReceipts,
    removals,
    cursors,
    bus,
  });
  const digests = createKeyedDigests(keys, 'content-digest');
  const messages = createMessages({
    repository: messageRepository,
    changes: repositories.messageChanges,
    reactions: repositories.reactions,
    search: repositories.search,
    hidden,
    log,
    inFlight,
    conversations,
    relations: users.relations,
    views: messageViews,
    visibility,
    cursors,
    digests,
    bus,
    timeLimits: options.config.messages,
    reservations: files.reservations,
    links: files.links,
  });
  const reactions = createReactions({
    repository: repositories.reactions,
    summaries: repositories.reactionSummaries,
    messages,
    conversations,
    users,
    inFlight,
    cursors,
  });
  return { log, drained: log.drained, groupReceipts, views, cursors, contacts, conversations, messages, reactions };
}

/** Conversations, messages, reactions, groups, notifications and sync. */
export function createChat(
  options: ServerOptions,
  infrastructure: Infrastructure,
  people: Pick<PeopleParts, 'users'>,
  files: Files,
) {
  const { repositories } = infrastructure;
  const { users } = people;
  const messaging = createMessaging(options, infrastructure, people, files);
  const { views, log, cursors, conversations, contacts } = messaging;
  const groups = createGroups({
    eraseContent: createConversationEraser(repositories),
    ...messaging,
    ...infrastructure,
    ...files,
    users,
    maxMembers: options.config.groupMaxMembers,
    onError: (error) => options.logger.warn({ err: error }, 'deleting a group failed; retrying'),
  });
  const notifying = createNotifying(options, infrastructure, { users, log, counting: views.counting, cursors });
  const { notifications } = notifying;
  const sync = createSync({ repositories, conversations, users, contacts, notifications, cursors, views });
  return { ...messaging, ...notifying, groups, sync };
}
