/** Makes every part of a server. Reading `context/` in the order of the calls below is reading the architecture: a part knows only those before it. */
import { conversationSockets } from './features/conversations/conversations.sockets.js';
import { reactionSockets } from './features/reactions/reactions.sockets.js';
import { messageSockets } from './features/messages/messages.sockets.js';
import { syncSockets } from './features/sync/sync.sockets.js';
import { unavailable } from './kernel/problem.js';
import { createRealtime, type Realtime } from './realtime/server.js';
import { createTyping, typingSockets } from './realtime/typing.js';
import { createWatching, watchingSockets } from './realtime/watching.js';
import { subscribeAll } from './subscribers.js';
import { createGround, type Ground, type Parts } from './context/ground.js';
import { createPeople, type People } from './context/people.js';
import { createAccount } from './context/account.js';
import { createChat } from './context/chat.js';
import { createFiles, type Files } from './context/files.js';
import { createUploads } from './context/uploads.js';

/** All parts of a server. */
export type Context = Pick<Parts, 'config' | 'logger' | 'publicUrl'> &
  Pick<Ground, 'bus' | 'keys' | 'limits' | 'metrics' | 'draining' | 'toProblem' | 'jobs'> &
  Pick<Files, 'links' | 'collecting'> &
  People &
  ReturnType<typeof createUploads> &
  ReturnType<typeof createChat> &
  ReturnType<typeof createAccount> & {
    realtime: Realtime;
    /** Throws when the server cannot answer requests now. */
    requireReady(): Promise<void>;
  };

/** Builds the realtime door, and has it told of every fact. */
function createDoor(parts: Parts, ground: Ground, people: People, chat: ReturnType<typeof createChat>): Realtime {
  const { config, database, logger } = parts;
  const { bus, limits, metrics, presence, toProblem, isLimited } = ground;
  const { users } = people;
  const { blockedBy } = users.relations;
  const typing = createTyping({ conversations: chat.conversations, blockedBy, bus });
  const onError = (error: unknown): void => logger.warn({ err: error }, 'a presence could not be told');
  const watching = createWatching({ presence, people: users.people, bus, onError });
  const realtime = createRealtime({
    bus,
    typing,
    watching,
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
      ...watchingSockets(watching),
    },
    settings: { corsOrigins: config.http.corsOrigins, isLimited, isShared: database.isShared },
  });
  subscribeAll(bus, { ...chat, broadcast: realtime.broadcast, typing, watching });
  return realtime;
}

/** Builds all parts of a server over an open database. */
export function createContext(parts: Parts): Context {
  const { config, database, logger, publicUrl } = parts;
  const ground = createGround(parts);
  const { bus, limits, metrics, draining, toProblem, keys, jobs } = ground;
  const files = createFiles(parts, ground);
  const people = createPeople(parts, ground, files);
  const chat = createChat(parts, ground, people, files);
  const uploads = createUploads(parts, ground, files, { ...people, ...chat });
  const account = createAccount(parts, ground, people, { ...chat, links: files.links });
  const realtime = createDoor(parts, ground, people, chat);
  metrics.gauge('causerie_sockets', 'Sockets that are connected', () => realtime.sockets.size());
  metrics.gauge('causerie_rooms', 'Rooms that a socket is in', () => realtime.rooms());
  metrics.gauge('causerie_limit_budgets', 'Budgets of limits in memory', () => limits.size());

  metrics.gauge('causerie_jobs_waiting', 'Jobs that wait or are being done', jobs.waiting);
  metrics.gauge('causerie_jobs_dead', 'Jobs that were given up: npm run doctor names them', jobs.dead);

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
    jobs,
    limits,
    metrics,
    draining,
    toProblem,
    requireReady,
    realtime,
    links: files.links,
    collecting: files.collecting,
    ...people,
    ...chat,
    ...uploads,
    ...account,
  };
}
