/** Creates every part of a server in dependency order: a part knows only those created before it. */
import { conversationSockets } from '../features/conversations/conversations.sockets.js';
import { reactionSockets } from '../features/reactions/reactions.sockets.js';
import { messageSockets } from '../features/messages/messages.sockets.js';
import { syncSockets } from '../features/sync/sync.sockets.js';
import { createRealtime, type Realtime } from '../realtime/server.js';
import { createTyping, typingSockets } from '../realtime/typing.js';
import { createPresenceSubscriptions, presenceSockets } from '../realtime/presence-subscriptions.js';
import { subscribeAll } from '../subscribers.js';
import { createInfrastructure, type Infrastructure, type ServerOptions } from './infrastructure.js';
import { createPeople, type PeopleParts } from './people.js';
import { createAccount } from './account.js';
import { createChat } from './chat.js';
import { createFiles, type Files } from './files.js';
import { createUploads } from './uploads.js';

export type Context = Pick<ServerOptions, 'config' | 'logger' | 'publicUrl'> &
  Pick<Infrastructure, 'bus' | 'keys' | 'limits' | 'metrics' | 'draining' | 'toProblem' | 'jobs'> &
  Pick<Files, 'links' | 'garbageCollector'> &
  PeopleParts &
  ReturnType<typeof createUploads> &
  ReturnType<typeof createChat> &
  ReturnType<typeof createAccount> & {
    realtime: Realtime;
    /** Throws if the server cannot answer requests now. */
    requireReady(): Promise<void>;
  };

/** Creates the realtime transport and subscribes it to all domain events. */
function createRealtimeTransport(
  options: ServerOptions,
  infrastructure: Infrastructure,
  people: PeopleParts,
  chat: ReturnType<typeof createChat>,
): Realtime {
  const { config, database, logger } = options;
  const { bus, limits, metrics, presence, toProblem, isLimited } = infrastructure;
  const { users } = people;
  const { blockedBy } = users.relations;
  const typing = createTyping({ conversations: chat.conversations, blockedBy, bus });
  const onError = (error: unknown): void =>
    logger.warn({ err: error }, 'publishing presence failed; skipping this update');
  const presenceSubscriptions = createPresenceSubscriptions({ presence, people: users.people, bus, onError });
  const realtime = createRealtime({
    bus,
    typing,
    presenceSubscriptions,
    authenticate: people.sessions.authenticate,
    sessions: people.sessions,
    conversations: chat.conversations,
    presence,
    users,
    limits,
    logger,
    toProblem,
    observe: metrics.observeEvent,
    handlers: {
      ...messageSockets(chat.messages),
      ...reactionSockets(chat.reactions),
      ...syncSockets(chat.sync),
      ...conversationSockets(chat.conversations),
      ...typingSockets(typing),
      ...presenceSockets(presenceSubscriptions),
    },
    settings: { corsOrigins: config.http.corsOrigins, isLimited, isShared: database.isShared },
  });
  subscribeAll(bus, { ...chat, broadcast: realtime.broadcast, typing, presenceSubscriptions });
  return realtime;
}

export function createContext(options: ServerOptions): Context {
  const { config, database, logger, publicUrl } = options;
  const infrastructure = createInfrastructure(options);
  const { bus, limits, metrics, draining, toProblem, keys, jobs } = infrastructure;
  const files = createFiles(options, infrastructure);
  const people = createPeople(options, infrastructure, files);
  const chat = createChat(options, infrastructure, people, files);
  const uploads = createUploads(options, infrastructure, files, { ...people, ...chat });
  const account = createAccount(options, infrastructure, people, { ...chat, links: files.links });
  const realtime = createRealtimeTransport(options, infrastructure, people, chat);
  metrics.gauge('causerie_sockets', 'Connected sockets', () => realtime.sockets.size());
  metrics.gauge('causerie_rooms', 'Socket rooms in use', () => realtime.rooms());
  metrics.gauge('causerie_limit_budgets', 'Rate limit buckets held in memory', () => limits.size());

  metrics.gauge('causerie_jobs_waiting', 'Jobs waiting or running', jobs.waiting);
  metrics.gauge('causerie_jobs_dead', 'Jobs given up after too many failures; npm run doctor lists them', jobs.dead);

  return {
    config,
    logger,
    publicUrl,
    bus,
    keys,
    jobs,
    limits,
    metrics,
    draining,
    toProblem,
    requireReady: () => draining.requireReady(database.ping),
    realtime,
    links: files.links,
    garbageCollector: files.garbageCollector,
    ...people,
    ...chat,
    ...uploads,
    ...account,
  };
}
