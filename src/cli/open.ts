import { socketOf, startEmbeddedStore, uriOfSocket } from '@causerie/embedded-mongo';
import type { Connection } from 'mongoose';
import type { Config } from '../config.js';
import {
  connect,
  databaseName,
  missingIndexes,
  prepare,
  requireSchemaVersion,
  storeFolder,
} from '../drivers/database.js';
import { createConversationRepository } from '../repositories/conversations/conversation-repository.js';
import { createMemberRepository } from '../repositories/members/member-repository.js';
import { createAttemptRepository } from '../repositories/attempts/attempt-repository.js';
import { createJobRepository } from '../repositories/jobs/job-repository.js';
import { createMessageRepository } from '../repositories/messages/message-repository.js';
import { createSessionRepository } from '../repositories/sessions/session-repository.js';
import { createUserRepository } from '../repositories/users/user-repository.js';

/** The database of a server, opened for a command-line tool. */
export interface OpenedStore {
  connection: Connection;
  /** Prepares a new database for writing, as the server does at startup. */
  prepare(): Promise<void>;
  /** Throws if the database does not answer or does not have the schema of this version. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Finds the data: a MongoDB, the store of a running server, or the folder, which is locked until `stop` is called. */
async function reach(config: Config): Promise<{ uri: string; stop(): Promise<void> }> {
  const leave = (): Promise<void> => Promise.resolve();
  if (config.mongodbUri !== null) return { uri: config.mongodbUri, stop: leave };
  const folder = storeFolder(config.dataDir);
  const socket = await socketOf(folder);
  if (socket !== null) return { uri: uriOfSocket(socket, databaseName), stop: leave };
  const store = await startEmbeddedStore({ path: folder });
  return { uri: store.uri(databaseName), stop: () => store.stop() };
}

function defineModels(connection: Connection): void {
  for (const define of [createUserRepository, createSessionRepository, createAttemptRepository, createJobRepository])
    define(connection);
  for (const define of [createConversationRepository, createMemberRepository, createMessageRepository])
    define(connection);
}

/** Opens the database, whether or not a server is running. Throws if it cannot be reached or is too new. */
export async function openForTools(config: Config): Promise<OpenedStore> {
  const { uri, stop } = await reach(config);
  let connection: Connection;
  try {
    connection = await connect(uri);
  } catch (error) {
    await stop();
    throw error;
  }
  defineModels(connection);
  return {
    connection,
    prepare: () => prepare(connection),
    async ping() {
      await requireSchemaVersion(connection);
      const missing = await missingIndexes(connection);
      if (missing.length > 0)
        throw new Error(`indexes are missing; start the server to build them: ${missing.join(', ')}`);
    },
    async close() {
      await connection.close();
      await stop();
    },
  };
}
