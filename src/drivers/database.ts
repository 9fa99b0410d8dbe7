/** The database: the embedded store or the MongoDB that MONGODB_URI names, behind one Mongoose connection. */
import { join } from 'node:path';
import { type EmbeddedStore, startEmbeddedStore } from '@causerie/embedded-mongo';
import mongoose, { type Connection, type ConnectOptions } from 'mongoose';
import { withTimeout } from '../kernel/timeouts.js';
import { Problem, unavailable } from '../kernel/problem.js';
import { PromptConnection } from './prompt-connection.js';

/** The version of the stored data; a server refuses a database that a newer one has written. */
const schemaVersion = 1;

/** The name of the database inside the embedded store. */
export const databaseName = 'causerie';
/** How long connecting may take before a request is answered `unavailable`. */
const timeoutMs = 2_500;
/** How long a connection may be silent while a response is awaited. */
const silenceMs = 4_000;

interface Settings {
  dataDir: string;
  mongodbUri: string | null;
}

export interface Database {
  connection: Connection;
  /** Whether other processes may write. */
  readonly isShared: boolean;
  /** Throws if the database does not respond in time. */
  ping(): Promise<void>;
  close(): Promise<void>;
  /** Called once if the embedded store dies by itself. */
  onFailure(listener: (error: Error) => void): void;
}

/** A newer server has written this database. */
export class SchemaVersionError extends Error {
  override readonly name = 'SchemaVersionError';
}

/** Where the embedded store of a data folder is. */
export function storeFolder(dataDir: string): string {
  return join(dataDir, 'store');
}

/** Connects without buffering: a command that cannot be sent now fails now. */
export async function connect(uri: string): Promise<Connection> {
  const options = {
    connectionType: PromptConnection,
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    heartbeatFrequencyMS: 2_000,
    // A stalled connection is given up early enough for the request to be answered in time; the client repeats it.
    socketTimeoutMS: silenceMs,
    retryReads: false,
    waitQueueTimeoutMS: timeoutMs,
    maxPoolSize: 50,
    // Written one by one: as objects, `readConcern` and `writeConcern` would yield to what MONGODB_URI says.
    readConcernLevel: 'majority',
    readPreference: 'primary',
    w: 'majority',
    journal: true,
    appName: 'causerie',
  } satisfies ConnectOptions & { connectionType: unknown };
  const connection = mongoose.createConnection(uri, options);
  connection.set('strictQuery', true);
  connection.set('sanitizeFilter', true);
  // Without a listener an error of the connection would end the process; every command reports it anyway.
  connection.on('error', () => undefined);
  try {
    await connection.asPromise();
    return connection;
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw error;
  }
}

interface MetaRow {
  _id: string;
  version: number;
}

/** Throws SchemaVersionError if a newer server has written this database. */
export async function requireSchemaVersion(connection: Connection): Promise<void> {
  const row = await connection.collection<MetaRow>('meta').findOne({ _id: 'schema' });
  if (row === null || row.version <= schemaVersion) return;
  throw new SchemaVersionError(
    `The database has schema version ${row.version} and this server knows up to ${schemaVersion}: start the newer server that wrote it`,
  );
}

/** Stamps a new database, refuses a newer one, and creates all indexes, before the first request. */
export async function prepare(connection: Connection): Promise<void> {
  const meta = connection.collection<MetaRow>('meta');
  const stamp = (): Promise<unknown> =>
    meta.updateOne({ _id: 'schema' }, { $setOnInsert: { version: schemaVersion } }, { upsert: true });
  // Two servers that start on an empty database may collide; the second attempt finds the row.
  await stamp().catch(stamp);
  await requireSchemaVersion(connection);
  await Promise.all(Object.values(connection.models).map((model) => model.createIndexes()));
}

/** The names of missing indexes; a collection that does not exist misses none. */
export async function missingIndexes(connection: Connection): Promise<string[]> {
  const existing = new Set((await connection.listCollections()).map(({ name }) => name));
  const missing: string[] = [];
  for (const model of Object.values(connection.models)) {
    if (!existing.has(model.collection.collectionName)) continue;
    const { toCreate } = await model.diffIndexes({ indexOptionsToCreate: true });
    missing.push(...toCreate.map((index) => `${model.collection.collectionName} ${JSON.stringify(index)}`));
  }
  return missing;
}

async function openStore(settings: Settings): Promise<{ store: EmbeddedStore | null; uri: string }> {
  if (settings.mongodbUri !== null) return { store: null, uri: settings.mongodbUri };
  const store = await startEmbeddedStore({ path: storeFolder(settings.dataDir) });
  return { store, uri: store.uri(databaseName) };
}

/** Opens the database of a server. Throws if the store is locked, too new, or cannot be reached. */
export async function openDatabase(settings: Settings): Promise<Database> {
  const { store, uri } = await openStore(settings);
  let connection: Connection;
  try {
    connection = await connect(uri);
  } catch (error) {
    await store?.stop();
    throw error;
  }
  return {
    connection,
    isShared: store === null,
    async ping() {
      await withTimeout(Promise.resolve(connection.db?.admin().command({ ping: 1 })), 1_000);
    },
    async close() {
      await connection.close();
      await store?.stop();
    },
    onFailure(listener) {
      void store?.failed.then(listener);
    },
  };
}

/** MongoDB's codes for "cannot respond now": not primary, shutting down, interrupted, timed out. */
const passing = new Set([6, 7, 50, 64, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11601, 11602, 13435, 13436]);
const noSpace = 14031;
/** The codes of a write to a closed connection that the driver has not noticed yet. */
const lostConnection = new Set(['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ENOENT', 'ETIMEDOUT']);
const passingNames =
  /^(?:Mongo)?(ServerSelection|Network|NetworkTimeout|OperationTimeout|PoolCleared|PoolClosed|WaitQueueTimeout|NotConnected|TopologyClosed|WriteConcern|ConnectionPoolTimeout)\w*Error$|^MongooseServerSelectionError$|^DisconnectedError$/;

/** Whether a bulk write has failed as a whole: the driver hides the cause behind this name. */
function isBulkUnanswered({ name, code, writeErrors }: Error & { code?: unknown; writeErrors?: unknown }): boolean {
  return name === 'MongoBulkWriteError' && code === undefined && Array.isArray(writeErrors) && writeErrors.length === 0;
}

/** The problem that an error of the database stands for; null if it is not one. */
export function problemOfDatabase(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error ? error.code : undefined;
  if (code === noSpace) return new Problem('insufficient_storage', { cause: error });
  const isPassing =
    passingNames.test(error.name) ||
    isBulkUnanswered(error) ||
    (typeof code === 'number' && passing.has(code)) ||
    (typeof code === 'string' && lostConnection.has(code));
  return isPassing ? unavailable(error) : null;
}
