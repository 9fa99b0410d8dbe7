import { setTimeout as wait } from 'node:timers/promises';
import { createContacts } from '../features/contacts/contacts.service.js';
import { createConversations } from '../features/conversations/conversations.service.js';
import { createDepartures } from '../features/conversations/departures.js';
import { createContentDigests } from '../features/messages/content-digest.js';
import { createMessages } from '../features/messages/messages.service.js';
import { createSyncMembers } from '../features/sync/sync-members.js';
import { createSyncMessages } from '../features/sync/sync-messages.js';
import { createSyncReading } from '../features/sync/sync-reading.js';
import { createNotifying } from './notifications.js';
import { createReactions } from '../features/reactions/reactions.service.js';
import { createSync } from '../features/sync/sync.service.js';
import { type Users } from '../features/users/users.service.js';
import { createCursors } from '../kernel/cursors.js';
import { createInFlight } from '../kernel/in-flight.js';
import { createLog } from '../log/log.js';
import { createReached } from '../log/reached.js';
import { createConversationViews } from '../views/conversation-views.js';
import { createCounting } from '../views/counting.js';
import { createMessageViews } from '../views/message-views.js';
import { createVisibility } from '../views/visibility.js';
import type { Ground, Parts } from './ground.js';
import type { Files } from './files.js';
import type { People } from './people.js';
import { createGroupsOver } from './groups.js';

/** What puts rows of several features together. */
function createViews(rows: Ground['rows'], { people, relations }: Users, { links }: Files) {
  const { messages, messageChanges: changes, hidden } = rows;
  const visibility = createVisibility({ messages, hidden });
  const counting = createCounting({ messages, hidden, blockedBy: relations.blockedBy });
  const messageViews = createMessageViews({ messages, changes, visibility, links });
  const conversationViews = createConversationViews({ messages, messageViews, visibility, counting, people, links });
  return { visibility, counting, messageViews, conversationViews };
}

/** So long another process may take to write what it was allowed to write before somebody left. */
const othersWriteMs = 1000;

/** Conversations and messages over their log. */
function createTalk(parts: Parts, ground: Ground, { users }: Pick<People, 'users'>, files: Files) {
  const { config, database, logger } = parts;
  const { rows, keys, bus } = ground;
  const { conversations: conversationRows, members, hidden, messages: messageRows } = rows;
  const reached = createReached({ conversations: conversationRows, members });
  const departures = createDepartures();
  const log = createLog({
    ...rows,
    reached,
    departures,
    isShared: database.isShared,
    onError: (error) => logger.warn({ err: error }, 'the log of conversations met a fault'),
  });
  const inFlight = createInFlight();
  async function passed(): Promise<void> {
    await Promise.all([log.passed(), inFlight.passed()]);
    if (database.isShared) await wait(othersWriteMs);
  }

  const views = createViews(rows, users, files);
  const { visibility, counting, messageViews, conversationViews } = views;
  const cursors = createCursors(keys);
  const contacts = createContacts({ rows: rows.relations, users, cursors, bus });
  const conversations = createConversations({
    rows,
    log,
    users,
    contacts,
    lastSeq: messageRows.lastSeq,
    hasWritten: messageRows.hasWritten,
    passed,
    views: conversationViews,
    counting,
    reached,
    departures,
    cursors,
    bus,
  });
  const digests = createContentDigests(keys);
  const messages = createMessages({
    rows: messageRows,
    changes: rows.messageChanges,
    search: rows.search,
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
    windows: config.messages,
    claiming: files.claiming,
    links: files.links,
  });
  const reactions = createReactions({ rows: rows.reactions, messages, conversations, users, inFlight, cursors });
  return { log, passed, reached, views, cursors, contacts, conversations, messages, reactions };
}

/** Everything between people: what they say, in groups too, what they are told of it, and how devices catch up. */
export function createChat(parts: Parts, ground: Ground, people: Pick<People, 'users'>, files: Files) {
  const { rows } = ground;
  const { users } = people;
  const talk = createTalk(parts, ground, people, files);
  const { views, log, cursors, conversations, contacts } = talk;
  const groups = createGroupsOver(parts, ground, { ...talk, users, ...files });
  const membersOf = createSyncMembers({ members: rows.members, users });
  const messagesOf = createSyncMessages({ ...rows, ...views });
  const reading = createSyncReading({ ...rows, ...views, membersOf, messagesOf });
  const notifying = createNotifying(parts, ground, { users, log, counting: views.counting, cursors });
  const { notifications } = notifying;
  const { members } = rows;
  const sync = createSync({ conversations, members, me: users.me, contacts, notifications, reading, cursors });
  return { ...talk, ...groups, ...notifying, sync };
}
