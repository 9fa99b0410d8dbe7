/** Makes every part of a server. Reading downwards is reading the architecture: a part knows only those above it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from './config.js';
import { type Database, problemOfDatabase } from './drivers/database.js';
import { createMailer } from './drivers/mail.js';
import type { Facts } from './facts.js';
import { createAddresses } from './features/auth/addresses.service.js';
import { attemptsModel } from './features/auth/attempts.model.js';
import { createAttempts } from './features/auth/attempts.service.js';
import { createAuth } from './features/auth/auth.service.js';
import { createCommonPasswords } from './features/auth/common-passwords.js';
import { createMailDelivery } from './features/auth/mail-delivery.js';
import { createMailTokens } from './features/auth/mail-tokens.js';
import { mailsModel } from './features/auth/mails.model.js';
import { createMails } from './features/auth/mails.service.js';
import { createPasswordRules } from './features/auth/password-rules.js';
import { createPasswords } from './features/auth/passwords.js';
import { createRecovery } from './features/auth/recovery.service.js';
import { conversationsModel } from './features/conversations/conversations.model.js';
import { type Conversations, createConversations } from './features/conversations/conversations.service.js';
import { conversationSockets } from './features/conversations/conversations.sockets.js';
import { createDepartures } from './features/conversations/departures.js';
import { hiddenModel } from './features/conversations/hidden.model.js';
import { membersModel } from './features/conversations/members.model.js';
import { createContentDigests } from './features/messages/content-digest.js';
import { createGroupChanging } from './features/groups/group-changing.js';
import { createGroupNews } from './features/groups/group-news.js';
import { groupsModel } from './features/groups/groups.model.js';
import { createGroups } from './features/groups/groups.service.js';
import { memberChangesModel } from './features/groups/members-change.model.js';
import { messageChangesModel } from './features/messages/message-changes.model.js';
import { messagesModel } from './features/messages/messages.model.js';
import { searchModel } from './features/messages/search.model.js';
import { createMessages, type Messages } from './features/messages/messages.service.js';
import { messageSockets } from './features/messages/messages.sockets.js';
import { sessionsModel } from './features/sessions/sessions.model.js';
import { createSessions } from './features/sessions/sessions.service.js';
import { createSyncMembers } from './features/sync/sync-members.js';
import { createSyncReading } from './features/sync/sync-reading.js';
import { createSync } from './features/sync/sync.service.js';
import { syncSockets } from './features/sync/sync.sockets.js';
import { createAccounts } from './features/users/accounts.service.js';
import { usersModel } from './features/users/users.model.js';
import { createUsers, type Users } from './features/users/users.service.js';
import { createCursors, type Cursors } from './kernel/cursors.js';
import { createFactBus } from './kernel/fact-bus.js';
import { createKeys } from './kernel/keys.js';
import { createLimits } from './kernel/limits.js';
import type { Logger } from './kernel/logger.js';
import { createMetrics } from './kernel/metrics.js';
import { unavailable } from './kernel/problem.js';
import { changesModel } from './log/change.model.js';
import { checkpointsModel } from './log/checkpoint.model.js';
import { createLog, type Log } from './log/log.js';
import { createReached, type Reached } from './log/reached.js';
import { comeBackMs, createDraining } from './middleware/draining.js';
import { createToProblem } from './middleware/errors.js';
import { createPresence } from './realtime/presence.js';
import { createRealtime, type Realtime } from './realtime/server.js';
import { createTyping, typingSockets } from './realtime/typing.js';
import { createWatching, watchingSockets } from './realtime/watching.js';
import { subscribeAll } from './subscribers.js';
import { createConversationViews } from './views/conversation-views.js';
import { createCounting } from './views/counting.js';
import { createMessageViews } from './views/message-views.js';
import { createVisibility } from './views/visibility.js';

interface Parts {
  config: Config;
  database: Database;
  logger: Logger;
  /** SECRET_KEY, or the one that was made for this data folder. */
  secret: string;
  /** PUBLIC_URL, or where the server listens. */
  publicUrl: () => string;
}

/** All parts of a server. */
export type Context = Pick<Parts, 'config' | 'logger' | 'publicUrl'> &
  Pick<Ground, 'bus' | 'keys' | 'limits' | 'metrics' | 'draining' | 'toProblem'> &
  ReturnType<typeof createPeople> &
  ReturnType<typeof createChat> & {
    realtime: Realtime;
    /** Throws when the server cannot answer requests now. */
    requireReady(): Promise<void>;
  };

/** The rows of every collection on one connection. */
function createRows({ connection }: Pick<Database, 'connection'>) {
  const changes = changesModel(connection);
  return {
    changes,
    search: searchModel(connection),
    groups: groupsModel(connection),
    memberChanges: memberChangesModel(connection),
    messageChanges: messageChangesModel(connection, changes),
    hidden: hiddenModel(connection),
    users: usersModel(connection),
    sessions: sessionsModel(connection),
    attempts: attemptsModel(connection),
    mails: mailsModel(connection),
    conversations: conversationsModel(connection),
    members: membersModel(connection),
    messages: messagesModel(connection),
    checkpoints: checkpointsModel(connection),
  };
}

/** What every server needs, whatever it serves. */
function createGround({ config, logger, secret, database }: Parts) {
  return {
    keys: createKeys(secret, config.keys.previous),
    metrics: createMetrics(),
    limits: createLimits(config.rateLimitFactor),
    draining: createDraining(comeBackMs),
    toProblem: createToProblem(problemOfDatabase),
    bus: createFactBus<Facts>((error, fact) => logger.error({ err: error, fact }, 'a fact could not be told')),
    presence: createPresence(),
    rows: createRows(database),
    isLimited: config.rateLimitFactor !== 0,
  };
}

type Ground = ReturnType<typeof createGround>;

/** Sessions, people, and signing in. */
function createPeople({ config, logger, publicUrl }: Parts, { rows, keys, bus, presence, isLimited }: Ground) {
  const sessions = createSessions({
    rows: rows.sessions,
    keys,
    bus,
    logger,
    settings: { ...config.sessions, isLimited },
  });
  const users = createUsers({ rows: rows.users, bus, presence });
  const accounts = createAccounts({ rows: rows.users });
  const passwords = { ...createPasswords({ isLimited }), ...createPasswordRules(createCommonPasswords()) };
  const attempts = createAttempts({ rows: rows.attempts, factor: config.rateLimitFactor });
  const tokens = createMailTokens(keys);
  const deliver = createMailDelivery({ accounts, tokens, driver: createMailer(config.mail), publicUrl });
  const mails = createMails({ rows: rows.mails, deliver, logger });
  const { isRegistrationOpen } = config;
  const auth = createAuth({ accounts, sessions, passwords, attempts, mails, isRegistrationOpen });
  const recovery = createRecovery({ accounts, sessions, passwords, attempts, mails, tokens });
  const addresses = createAddresses({ accounts, passwords, attempts, mails, tokens, bus });
  return { sessions, users, mails, auth, recovery, addresses };
}

/** What puts rows of several features together. */
function createViews({ messages, messageChanges: changes, hidden }: Ground['rows'], publicUsers: Users['publicUsers']) {
  const visibility = createVisibility({ messages, hidden });
  const counting = createCounting({ messages, hidden });
  const messageViews = createMessageViews({ messages, changes, visibility });
  const conversationViews = createConversationViews({ messages, messageViews, visibility, counting, publicUsers });
  return { visibility, counting, messageViews, conversationViews };
}

/** Conversations and messages over their log. */
function createChat(parts: Parts, ground: Ground, people: Pick<ReturnType<typeof createPeople>, 'users'>) {
  const { config, database, logger } = parts;
  const { rows, keys, bus } = ground;
  const { users } = people;
  const { conversations: conversationRows, members, hidden, messages: messageRows } = rows;
  const reached = createReached({ conversations: conversationRows, members });
  const departures = createDepartures();
  const log = createLog({
    messages: messageRows,
    changes: rows.changes,
    conversations: conversationRows,
    members,
    checkpoints: rows.checkpoints,
    reached,
    departures,
    kind: database.kind,
    onError: (error) => logger.warn({ err: error }, 'the log of conversations met a fault'),
  });
  const { visibility, counting, messageViews, conversationViews } = createViews(rows, users.publicUsers);
  const cursors = createCursors(keys);
  const conversations = createConversations({
    rows: { conversations: conversationRows, members, hidden },
    log,
    users,
    lastSeq: messageRows.lastSeq,
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
    conversations,
    views: messageViews,
    visibility,
    cursors,
    digests,
    bus,
    windows: config.messages,
  });
  const groups = createGroupsOver({ parts, ground, people }, { log, reached, conversations, messages, cursors });
  const reading = createSyncReading({
    messages: messageRows,
    changes: rows.changes,
    hidden,
    visibility,
    messageViews,
    conversationViews,
    membersOf: createSyncMembers({ members, memberViews: groups.news.viewsOf }),
  });
  const sync = createSync({ conversations, members, me: users.me, reading, cursors });
  return { log, conversations, messages, groups: groups.groups, groupChanging: groups.groupChanging, sync };
}

interface GroupGround {
  parts: Parts;
  ground: Ground;
  people: Pick<ReturnType<typeof createPeople>, 'users'>;
}

interface GroupChat {
  log: Log;
  reached: Reached;
  conversations: Conversations;
  messages: Messages;
  cursors: Cursors;
}

/** So long another process may take to write what it was allowed to write before somebody left. */
const othersWriteMs = 1000;

/** Groups over their conversations and messages. */
function createGroupsOver({ parts, ground, people }: GroupGround, chat: GroupChat) {
  const { config, database, logger } = parts;
  const { rows, bus } = ground;
  const { users } = people;
  const { conversations, messages } = chat;
  const { members, memberChanges } = rows;
  const news = createGroupNews({ members, users, conversations, bus });
  const changing = createGroupChanging({
    ...chat,
    rows: rows.groups,
    memberChanges,
    conversationRows: rows.conversations,
    messages,
    news,
    bus,
    othersPassed: () => (database.kind === 'mongodb' ? wait(othersWriteMs) : Promise.resolve()),
    onError: (error) => logger.warn({ err: error }, 'a group could not be erased; it is tried again'),
  });
  const groups = createGroups({
    ...chat,
    rows: rows.groups,
    members,
    memberChanges,
    users,
    changing,
    news,
    maxMembers: config.groupMaxMembers,
  });
  return { groups, groupChanging: changing, news };
}

/** Builds all parts of a server over an open database. */
export function createContext(parts: Parts): Context {
  const { config, database, logger, publicUrl } = parts;
  const ground = createGround(parts);
  const { bus, limits, metrics, draining, presence, toProblem, keys, isLimited } = ground;
  const people = createPeople(parts, ground);
  const chat = createChat(parts, ground, people);
  const typing = createTyping({ standingOf: chat.conversations.standingOf, bus });
  const onError = (error: unknown): void => logger.warn({ err: error }, 'a presence could not be told');
  const watching = createWatching({ presence, users: people.users, bus, onError });
  const realtime = createRealtime({
    bus,
    typing,
    watching,
    authenticate: people.sessions.authenticate,
    sessions: people.sessions,
    conversations: chat.conversations,
    presence,
    users: people.users,
    limits,
    logger,
    toProblem,
    observe: metrics.observeEvent,
    handlers: {
      ...messageSockets(chat.messages),
      ...syncSockets(chat.sync),
      ...conversationSockets(chat.conversations),
      ...typingSockets(typing),
      ...watchingSockets(watching),
    },
    settings: { corsOrigins: config.http.corsOrigins, isLimited, isShared: database.kind === 'mongodb' },
  });
  subscribeAll(bus, realtime.broadcast, typing);
  metrics.gauge('causerie_sockets', 'Sockets that are connected', () => realtime.sockets.size());
  metrics.gauge('causerie_rooms', 'Rooms that a socket is in', () => realtime.rooms());
  metrics.gauge('causerie_limit_budgets', 'Budgets of limits in memory', () => limits.size());

  async function requireReady(): Promise<void> {
    if (draining.isStopping()) throw unavailable();
    await database.ping();
  }

  return {
    config,
    logger,
    publicUrl,
    bus,
    keys,
    limits,
    metrics,
    draining,
    toProblem,
    requireReady,
    realtime,
    ...people,
    ...chat,
  };
}
