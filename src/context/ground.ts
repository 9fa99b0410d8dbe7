/** What every part of a server stands on. */
import type { Config } from '../config.js';
import { type Database, problemOfDatabase } from '../drivers/database.js';
import type { Scratch } from '../drivers/scratch.js';
import type { Storage } from '../drivers/storage.js';
import type { Facts } from '../facts.js';
import { attemptsModel } from '../features/auth/attempts.model.js';
import { conversationsModel } from '../features/conversations/conversations.model.js';
import { hiddenModel } from '../features/conversations/hidden.model.js';
import { membersModel } from '../features/conversations/members.model.js';
import { groupsModel } from '../features/groups/groups.model.js';
import { memberChangesModel } from '../features/groups/members-change.model.js';
import { messageChangesModel } from '../features/messages/message-changes.model.js';
import { messagesModel } from '../features/messages/messages.model.js';
import { reactionsModel } from '../features/reactions/reactions.model.js';
import { notificationsModel } from '../features/notifications/notifications.model.js';
import { accountModel } from '../features/account/account.model.js';
import { searchModel } from '../features/messages/search.model.js';
import { sessionsModel } from '../features/sessions/sessions.model.js';
import { relationsModel } from '../features/users/relations.model.js';
import { createFacingMemory } from '../features/users/facing-memory.js';
import { quotaModel } from '../features/media/quota.model.js';
import { uploadsModel } from '../features/media/uploads.model.js';
import { usersModel } from '../features/users/users.model.js';
import { jobsModel } from '../jobs/jobs.model.js';
import { createQueue } from '../jobs/queue.js';
import type { JobKinds } from '../job-kinds.js';
import { createFactBus } from '../kernel/fact-bus.js';
import { createKeys } from '../kernel/keys.js';
import { createLimits } from '../kernel/limits.js';
import type { Logger } from '../kernel/logger.js';
import { createMetrics } from '../kernel/metrics.js';
import { changesModel } from '../log/change.model.js';
import { checkpointsModel } from '../log/checkpoint.model.js';
import { comeBackMs, createDraining } from '../middleware/draining.js';
import { createToProblem } from '../middleware/errors.js';
import { createPresence } from '../realtime/presence.js';

/** What a server is made of. */
export interface Parts {
  config: Config;
  database: Database;
  logger: Logger;
  /** SECRET_KEY, or the one that was made for this data folder. */
  secret: string;
  /** PUBLIC_URL, or where the server listens. */
  publicUrl: () => string;
  /** Where uploads are kept, and where they are received. */
  storage: Storage;
  scratch: Scratch;
}

/** The rows of every collection on one connection. */
function createRows({ connection }: Pick<Database, 'connection'>) {
  const changes = changesModel(connection);
  return {
    changes,
    search: searchModel(connection),
    account: accountModel(connection),
    notifications: notificationsModel(connection),
    reactions: reactionsModel(connection),
    groups: groupsModel(connection),
    memberChanges: memberChangesModel(connection),
    messageChanges: messageChangesModel(connection, changes),
    hidden: hiddenModel(connection),
    uploads: uploadsModel(connection),
    quotas: quotaModel(connection),
    users: usersModel(connection),
    relations: relationsModel(connection),
    sessions: sessionsModel(connection),
    attempts: attemptsModel(connection),
    jobs: jobsModel(connection),
    conversations: conversationsModel(connection),
    members: membersModel(connection),
    messages: messagesModel(connection),
    checkpoints: checkpointsModel(connection),
  };
}

/** The same rows; what is remembered of people is forgotten when they are written. */
function rememberingRows(database: Pick<Database, 'connection' | 'isShared'>) {
  const memory = createFacingMemory({ isShared: database.isShared });
  const rows = createRows(database);
  const changing = ['setPrivacy', 'setState', 'setAvatar', 'leave', 'comeBack', 'beginErasing', 'erase'] as const;
  const relating = ['addContact', 'removeContact', 'block', 'unblock'] as const;
  return {
    memory,
    ...rows,
    users: memory.watch(rows.users, changing),
    relations: memory.watch(rows.relations, relating),
    account: memory.watch(rows.account, ['forgetRelations']),
  };
}

/** What every server needs, whatever it serves. */
export function createGround({ config, logger, secret, database }: Parts) {
  const rows = rememberingRows(database);
  const presence = createPresence();
  return {
    keys: createKeys(secret, config.keys.previous),
    metrics: createMetrics(),
    limits: createLimits(config.rateLimitFactor),
    draining: createDraining(comeBackMs),
    toProblem: createToProblem(problemOfDatabase),
    bus: createFactBus<Facts>((error, fact) => logger.error({ err: error, fact }, 'a fact could not be told')),
    presence,
    /** Whether somebody has a socket here: for others nothing has to be put together. */
    isConnected: (userId: string): boolean => presence.count(userId) > 0,
    rows,
    jobs: createQueue<JobKinds>({ rows: rows.jobs, logger, isShared: database.isShared }),
    isLimited: config.rateLimitFactor !== 0,
  };
}

export type Ground = ReturnType<typeof createGround>;
