/** What every part of a server is built on. */
import type { Config } from '../config.js';
import { type Database, problemOfDatabase } from '../drivers/database.js';
import type { Scratch } from '../drivers/scratch.js';
import type { Storage } from '../drivers/storage.js';
import type { DomainEvents } from '../domain-events.js';
import { createAttemptRepository } from '../repositories/attempts/attempt-repository.js';
import { createConversationRepository } from '../repositories/conversations/conversation-repository.js';
import { createHiddenRepository } from '../repositories/hidden/hidden-repository.js';
import { createMemberRepository } from '../repositories/members/member-repository.js';
import { createGroupRepository } from '../repositories/conversations/group-repository.js';
import { createMemberChangeRepository } from '../repositories/members/member-change-repository.js';
import { createMessageChangeRepository } from '../repositories/messages/message-change-repository.js';
import { createMessageRepository } from '../repositories/messages/message-repository.js';
import { createReactionSummaryRepository } from '../repositories/messages/reaction-summary-repository.js';
import { createReactionRepository } from '../repositories/reactions/reaction-repository.js';
import { createNotificationRepository } from '../repositories/notifications/notification-repository.js';
import { createAccountRepository } from '../repositories/account/account-repository.js';
import { createSearchRepository } from '../repositories/messages/search-repository.js';
import { createSessionRepository } from '../repositories/sessions/session-repository.js';
import { createRelationRepository } from '../repositories/relations/relation-repository.js';
import { createRelationshipCache } from '../views/permissions.js';
import { createQuotaRepository } from '../repositories/quotas/quota-repository.js';
import { createUploadRepository } from '../repositories/uploads/upload-repository.js';
import { createUserRepository } from '../repositories/users/user-repository.js';
import { createJobRepository } from '../repositories/jobs/job-repository.js';
import { createQueue } from '../jobs/queue.js';
import { createEventBus } from '../kernel/event-bus.js';
import { createKeys } from '../kernel/keys.js';
import { createLimits } from '../kernel/limits.js';
import type { Logger } from '../kernel/logger.js';
import { createMetrics } from '../kernel/metrics.js';
import { createChangeRepository } from '../repositories/changes/change-repository.js';
import { createCheckpointRepository } from '../repositories/checkpoints/checkpoint-repository.js';
import { comeBackMs, createDraining } from '../middleware/draining.js';
import { createToProblem } from '../middleware/errors.js';
import { createPresence } from '../realtime/presence.js';
import type { MailData } from '../features/auth/mails.service.js';

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

/** The repositories of all collections on one connection. */
function createRepositories({ connection }: Pick<Database, 'connection'>) {
  const changes = createChangeRepository(connection);
  const reactions = createReactionRepository(connection);
  return {
    changes,
    reactions,
    reactionSummaries: createReactionSummaryRepository(connection, reactions),
    search: createSearchRepository(connection),
    account: createAccountRepository(connection),
    notifications: createNotificationRepository(connection),
    groups: createGroupRepository(connection),
    memberChanges: createMemberChangeRepository(connection),
    messageChanges: createMessageChangeRepository(connection, changes),
    hidden: createHiddenRepository(connection),
    uploads: createUploadRepository(connection),
    quotas: createQuotaRepository(connection),
    users: createUserRepository(connection),
    relations: createRelationRepository(connection),
    sessions: createSessionRepository(connection),
    attempts: createAttemptRepository(connection),
    jobs: createJobRepository(connection),
    conversations: createConversationRepository(connection),
    members: createMemberRepository(connection),
    messages: createMessageRepository(connection),
    checkpoints: createCheckpointRepository(connection),
  };
}

/** The same repositories; writes to people invalidate what is cached about them. */
function createCachedRepositories(database: Pick<Database, 'connection' | 'isShared'>) {
  const relationshipCache = createRelationshipCache({ isShared: database.isShared });
  const repositories = createRepositories(database);
  const changing = ['setPrivacy', 'setState', 'setAvatar', 'leave', 'comeBack', 'beginErasing', 'erase'] as const;
  const relating = ['addContact', 'removeContact', 'block', 'unblock'] as const;
  return {
    relationshipCache,
    ...repositories,
    users: relationshipCache.invalidateOn(repositories.users, changing),
    relations: relationshipCache.invalidateOn(repositories.relations, relating),
    account: relationshipCache.invalidateOn(repositories.account, ['forgetRelations']),
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
    draining: createDraining(comeBackMs),
    toProblem: createToProblem(problemOfDatabase),
    bus: createEventBus<DomainEvents>((error, event) =>
      logger.error({ err: error, fact: event }, 'event subscriber failed'),
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
