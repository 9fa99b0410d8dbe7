/** What every part of a server is built on. */
import type { Config } from '../config.js';
import { type Database, problemOfDatabase } from '../drivers/database.js';
import type { Scratch } from '../drivers/scratch.js';
import type { Storage } from '../drivers/storage.js';
import type { DomainEvents } from '../domain-events.js';
import { createRelationshipCache } from '../views/permissions.js';
import { createQueue } from '../jobs/queue.js';
import { createEventBus } from '../kernel/event-bus.js';
import { createKeys } from '../kernel/keys.js';
import { createLimits } from '../kernel/limits.js';
import { relationshipWrites } from '../repositories/relations/relation-repository.js';
import { relationshipWritesOfUsers } from '../repositories/users/user-repository.js';
import { createRepositories } from '../repositories/repositories.js';
import type { Logger } from '../kernel/logger.js';
import { createMetrics } from '../kernel/metrics.js';
import { reconnectAfterMs, createDraining } from '../middleware/draining.js';
import { createToProblem } from '../middleware/errors.js';
import { createPresence } from '../realtime/presence.js';
import type { MailData } from '../features/auth/mails.js';

/** What a server is created from. */
export interface ServerOptions {
  config: Config;
  database: Database;
  logger: Logger;
  /** SECRET_KEY, or the secret that was generated for this data folder. */
  secret: string;
  /** PUBLIC_URL, or the address that the server listens on. */
  publicUrl: () => string;
  /** Storage for uploads, and the folder in which they arrive. */
  storage: Storage;
  scratch: Scratch;
}

/** The same repositories; writes that change a relationship clear the cache of relationships. */
function createCachedRepositories(database: Pick<Database, 'connection' | 'isShared'>) {
  const relationshipCache = createRelationshipCache({ isShared: database.isShared });
  const repositories = createRepositories(database.connection);
  return {
    relationshipCache,
    ...repositories,
    users: relationshipCache.invalidateOn(repositories.users, relationshipWritesOfUsers),
    relations: relationshipCache.invalidateOn(repositories.relations, relationshipWrites),
  };
}

/** What every server needs, whatever it serves. */
export function createInfrastructure({ config, logger, secret, database }: ServerOptions) {
  const repositories = createCachedRepositories(database);
  const presence = createPresence();
  return {
    keys: createKeys(secret, config.keys.previous),
    metrics: createMetrics(),
    limits: createLimits(config.rateLimitFactor),
    draining: createDraining(reconnectAfterMs),
    toProblem: createToProblem(problemOfDatabase),
    bus: createEventBus<DomainEvents>((error, event) =>
      logger.error({ err: error, fact: event }, 'event subscriber failed; other subscribers continue'),
    ),
    presence,
    /** Whether a user has a socket in this process: for others there is nothing to publish. */
    isConnected: (userId: string): boolean => presence.count(userId) > 0,
    repositories,
    jobs: createQueue<JobKinds>({ repository: repositories.jobs, logger, isShared: database.isShared }),
    isLimited: config.rateLimitFactor !== 0,
  };
}

export type Infrastructure = ReturnType<typeof createInfrastructure>;

/** Every kind of job, with its data. */
export interface JobKinds {
  /** Sends a mail; the key is the id of its link. */
  mail: MailData;
  /** Erases a deleted account when its time has come; the key is its id. */
  erasure: object;
  /** Stores the notification of a session that was ended because its retired token was used; the key is its id. */
  security_notice: { userId: string };
}
