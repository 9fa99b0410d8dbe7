import { createConnection, type Connection } from 'mongoose';
import { runChecks } from '../../src/cli/checks.js';
import { loadConfig } from '../../src/config.js';
import { openStorage } from '../../src/drivers/storage-opening.js';
import { startServer, type RunningServer } from '../../src/server.js';
import { onCleanup, temporaryFolder } from './cleanup.js';
import { captureLog, type CapturedLog } from './log.js';
import { expectNoSecrets, recordSecretsIn } from './secrets.js';
import { freshUri } from './store.js';

/** The real server in this process, on a free port, with its own database. */
export interface TestServer {
  url: string;
  port: number;
  context: RunningServer['context'];
  /** The test's own connection to the server's database. */
  database: Connection;
  /** The MONGODB_URI for another server on the same database. */
  uri: string;
  dataDir: string;
  log: CapturedLog;
  /** Stops it, searches its log for secrets, and checks the data it leaves behind. */
  stop(): Promise<void>;
}

/** Databases that a test or a data check has read, where full scans are not the server's. */
const readWhole = new Set<string>();

/** Collections with a handful of rows at most, which may be scanned. */
const mayBeScanned = new Set(['checkpoints']);

/** Reports the collections that the embedded store has scanned in full; MongoDB does not tell. */
async function scansOf(database: Connection): Promise<string[]> {
  const status = await database.db!.admin().command({ serverStatus: 1 });
  const scans: Record<string, unknown> = status['metrics']?.queryExecutor?.collectionScans?.byNamespace ?? {};
  return Object.keys(scans)
    .filter((name) => name.startsWith(`${database.name}/`))
    .map((name) => name.slice(database.name.length + 1))
    .filter((name) => !mayBeScanned.has(name))
    .map((name) => `A query of the server went through the whole collection ${name}.`);
}

/**
 * Starts a server in this process. Overrides are settings by name; rate limits are a hundred times the usual ones, so that
 * only the tests of limits reach them.
 */
export async function startTestServer(overrides: Record<string, string> = {}): Promise<TestServer> {
  const dataDir = overrides['DATA_DIR'] ?? temporaryFolder('causerie-data');
  const uri = overrides['MONGODB_URI'] ?? (await freshUri());
  const env = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    RATE_LIMIT_FACTOR: '100',
    ...overrides,
    DATA_DIR: dataDir,
    MONGODB_URI: uri,
  };
  recordSecretsIn(env);
  const log = captureLog();
  const config = loadConfig(env);
  const running = await startServer(config, log.logger);
  const database = await createConnection(uri, { autoIndex: false, autoCreate: false }).asPromise();
  let stopped: Promise<void> | null = null;

  async function stop(): Promise<void> {
    await running.stop();
    try {
      expectNoSecrets(log.text(), `the log of ${running.url}`);
      // Queries of a test or of an earlier data check may scan; those of the server may not.
      const violations = readWhole.has(database.name) ? [] : await scansOf(database);
      readWhole.add(database.name);
      for await (const violation of runChecks(database, await openStorage(config.storage))) violations.push(violation);
      if (violations.length > 0) throw new Error(`the data check failed:\n${violations.join('\n')}`);
      if (overrides['MONGODB_URI'] === undefined) await database.dropDatabase();
    } finally {
      await database.close();
    }
  }

  const server: TestServer = {
    url: running.url,
    port: running.port,
    context: running.context,
    get database() {
      readWhole.add(database.name);
      return database;
    },
    uri,
    dataDir,
    log,
    stop: () => (stopped ??= stop()),
  };
  // A test that stopped the server itself has seen how the stop went.
  onCleanup(() => (stopped ? stopped.catch(() => undefined) : server.stop()));
  return server;
}
