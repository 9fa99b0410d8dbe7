import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startEmbeddedStore } from '@causerie/embedded-mongo';
import { root } from './build.js';
import { spawnNode, type Child, type Exit } from './child.js';
import { onCleanup, temporaryFolder } from './cleanup.js';

/** A unique database name. */
export function freshDatabase(): string {
  return `test_${randomBytes(6).toString('hex')}`;
}

let shared: Promise<(database: string) => string> | null = null;

async function startShared(): Promise<(database: string) => string> {
  const given = process.env['MONGODB_URI'];
  if (given) return (database) => withDatabase(given, database);
  const store = await startEmbeddedStore({ path: join(temporaryFolder('causerie-store'), 'store') });
  onCleanup(() => store.stop());
  return (database) => store.uri(database);
}

function withDatabase(uri: string, database: string): string {
  const [, base = '', query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/]+)(?:\/[^?]*)?(\?.*)?$/.exec(uri) ?? [];
  return `${base}/${database}${query}`;
}

/** The URI of a new database, in the store shared by this test file or in the MongoDB of MONGODB_URI. */
export async function freshUri(database = freshDatabase()): Promise<string> {
  shared ??= startShared();
  return (await shared)(database);
}

/** The embedded store in its own process, to be killed or shared by several servers. */
export interface StoreProcess {
  socketPath: string;
  path: string;
  uri(database: string): string;
  readonly child: Child;
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  /** Restarts it on the same folder and socket after it has exited. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function untilItListens(socketPath: string, child: Child): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      if (!existsSync(socketPath)) return resolve(false);
      const socket = connect(socketPath, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    const ended = await Promise.race([child.exited, wait(25)]);
    if (ended) throw new Error(`the store ended with ${JSON.stringify(ended)}:\n${child.stdout}${child.stderr}`);
  }
  throw new Error(`the store does not listen:\n${child.stdout}${child.stderr}`);
}

/** Starts the store in its own process; servers connect with `MONGODB_URI: store.uri('name')`. */
export async function spawnStore(path = join(temporaryFolder('store'), 'store')): Promise<StoreProcess> {
  const socketPath = join(temporaryFolder('socket'), 's.sock');
  const main = join(root, 'packages', 'embedded-mongo', 'main.js');

  async function start(): Promise<Child> {
    const started = spawnNode([main, '--path', path, '--socket', socketPath], {});
    await untilItListens(socketPath, started);
    return started;
  }

  let child = await start();
  return {
    socketPath,
    path,
    uri: (database) => uriOfSocket(socketPath, database),
    get child() {
      return child;
    },
    kill: (signal) => child.kill(signal),
    async restart() {
      await child.exited;
      child = await start();
    },
    async stop() {
      await child.kill('SIGTERM');
    },
  };
}

/** The URI of a database behind a socket file, of the store or of a proxy. */
export function uriOfSocket(socketPath: string, database: string): string {
  return `mongodb://${encodeURIComponent(socketPath)}/${database}`;
}
