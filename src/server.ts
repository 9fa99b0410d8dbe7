/** The process: settings, database, context, transports. It stops in the reverse order. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type Server } from 'node:http';
import type { Application } from 'express';
import { fileURLToPath } from 'node:url';
import { type Config, ConfigError, loadConfig, readEnvironment } from './config.js';
import type { Context } from './context/context.js';
import { type Database, openDatabase, prepare } from './drivers/database.js';
import { createScratch } from './drivers/scratch.js';
import { openStorage } from './drivers/storage-opening.js';
import { secretOf } from './drivers/secret-file.js';
import { answerBrokenRequests } from './middleware/broken-requests.js';
import { reconnectAfterMs } from './middleware/draining.js';
import { createLogger, type Logger } from './kernel/logger.js';
import type { RecoveryCalls } from './log/recovery.js';

/** A server that listens. */
export interface RunningServer {
  url: string;
  port: number;
  context: Context;
  /** Stops gracefully: notifies clients, completes requests in progress, then closes everything. */
  stop(): Promise<void>;
  /** Called once when the server cannot go on. */
  onFailure(listener: (error: Error) => void): void;
}

const headersMs = 10_000;
/** Allows the largest upload over a slow connection; other bodies have a shorter timeout of their own. */
const requestMs = 3_600_000;
/** How long clients may take to disconnect by themselves. */
const closeMs = 200;
/** How long a stop waits for requests under way before it ends them: an upload may take longer than a stop. */
const finishMs = 6_000;
const checkMs = 1_000;
const maxConnections = 10_000;

function createHttpServer(context: Context, app: Application): Server {
  const http = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      keepAliveTimeout: 65_000,
    },
    app,
  );
  http.maxConnections = maxConnections;
  answerBrokenRequests(http);
  context.realtime.attach(http);
  return http;
}

async function listen(http: Server, { port, host }: Config['http']): Promise<number> {
  http.listen(port, host);
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port');
  return address.port;
}

/** Makes readiness return 503, rejects new requests and notifies every socket; further calls do nothing. */
function announceStop({ draining, bus }: Context): void {
  if (draining.isStopping()) return;
  draining.begin();
  bus.publish('server.stopping', { retryAfterMs: reconnectAfterMs });
}

async function stopInOrder(http: Server, context: Context, database: Database): Promise<void> {
  announceStop(context);
  await Promise.race([context.draining.idle(), wait(finishMs, undefined, { ref: false })]);
  // Clients that are still connected have received their response, or wait for one that will never arrive.
  await Promise.all([context.realtime.stop(), wait(closeMs).then(() => http.closeAllConnections())]);
  await context.erasure.stop();
  await context.garbageCollector.stop();
  await context.notifier.stop();
  await context.log.stop();
  await context.jobs.stop();
  await database.close();
}

function recoveryCalls({ conversations, messages, reactions, groups, notifier }: Context): RecoveryCalls {
  return {
    announce: messages.publisher.recovered,
    announceChange: messages.publisher.recoveredChange,
    complete: {
      conversations: conversations.completeOpenings,
      hidden: conversations.completeHides,
      messageChanges: messages.completePending,
      reactionSummaries: reactions.completePending,
      groups: groups.completePending,
    },
    completed: notifier.wakeAll,
  };
}

/** Prepares the data and recovers from a crash before the first request is answered. */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  const secret = config.keys.secret ?? secretOf(config.dataDir);
  // The store opens in a thread of its own while this one loads the code that uses it.
  const [database, storage, { createContext }, { createApp }] = await Promise.all([
    openDatabase(config),
    openStorage(config.storage),
    import('./context/context.js'),
    import('./app.js'),
  ]);
  let listening = '';
  const context = createContext({
    config,
    database,
    logger,
    secret,
    storage,
    scratch: createScratch(config.media.scratchFolder),
    publicUrl: () => config.http.publicUrl ?? listening,
  });
  const http = createHttpServer(context, createApp(context));
  try {
    await prepare(database.connection);
    await context.log.start(recoveryCalls(context));
    await context.jobs.start();
    context.erasure.start();
    context.garbageCollector.start();
    const port = await listen(http, config.http);
    const host = config.http.host.includes(':') ? `[${config.http.host}]` : config.http.host;
    listening = `http://${host}:${port}`;
    let stopping: Promise<void> | null = null;
    const stop = (): Promise<void> => (stopping ??= stopInOrder(http, context, database));
    return { url: listening, port, context, stop, onFailure: (listener) => database.onFailure(listener) };
  } catch (error) {
    await context.realtime.stop();
    await database.close();
    throw error;
  }
}

/** How long a stop may take before the process gives up waiting. */
const stopWithinMs = 9_000;
/** How long a stopping process still answers 503, so that load balancers notice. */
const readinessDelayMs = 500;

/** Stops in order on the first signal, and at once on the second. */
function handleSignals(running: RunningServer, logger: Logger): void {
  let isAnnounced = false;
  const obey = (signal: NodeJS.Signals): void => {
    if (isAnnounced) process.exit(1);
    isAnnounced = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.fatal('server did not stop in time; exiting');
      process.exit(1);
    }, stopWithinMs).unref();
    announceStop(running.context);
    setTimeout(() => {
      running.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          logger.fatal({ err: error }, 'graceful shutdown failed; exiting');
          process.exit(1);
        },
      );
    }, readinessDelayMs);
  };
  process.on('SIGTERM', obey);
  process.on('SIGINT', obey);
}

/** Logs an unexpected error and exits; the process supervisor restarts the server. */
function endOn(logger: Logger, what: string): (error: unknown) => void {
  return (error) => {
    logger.fatal({ err: error }, what);
    process.exit(1);
  };
}

async function main(): Promise<void> {
  let config: Config;
  try {
    config = loadConfig(readEnvironment());
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const logger = createLogger(config.logLevel);
  process.on('uncaughtException', endOn(logger, 'uncaught exception; exiting'));
  process.on('unhandledRejection', endOn(logger, 'unhandled promise rejection; exiting'));
  try {
    const running = await startServer(config, logger);
    handleSignals(running, logger);
    running.onFailure(endOn(logger, 'embedded store ended unexpectedly; exiting'));
    process.stdout.write(`listening on ${running.url}\n`);
  } catch (error) {
    logger.fatal({ err: error }, 'server could not start');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
