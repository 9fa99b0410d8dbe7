/** The store as an application uses it: a handle on the worker thread that runs it. */
import { resolve as resolvePath } from 'node:path';
import { Worker } from 'node:worker_threads';
import { removeOwnLock } from '../store/lock-file.js';
import type { HostOptions } from './host.js';
import { uriOfSocket } from './store-address.js';
import { deserializeError, type FromWorker, type ToWorker } from './worker-messages.js';

export interface EmbeddedStore {
  socketPath: string;
  /** The port on 127.0.0.1; null unless `openLoopbackPort` was set. */
  port: number | null;
  /** Returns the connection string of a database, for the driver or Mongoose. */
  uri(database: string): string;
  /** Writes a compact, consistent copy of all data to a file that must not exist yet, while the store runs. */
  backup(file: string): Promise<void>;
  /** Stops the store; commands in progress are answered with 11600. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves with the cause if the store dies unexpectedly, and never otherwise. */
  failed: Promise<Error>;
}

type Listening = FromWorker & { kind: 'listening' };

interface WorkerExit {
  ended: Promise<void>;
  failed: Promise<Error>;
  /** Marks the coming exit as intended. */
  expect(): void;
}

function waitUntilListening(worker: Worker): Promise<Listening> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the store exited before it was listening')));
    worker.once('message', (message: FromWorker) => {
      if (message.kind === 'listening') resolve(message);
      else if (message.kind === 'startFailed') reject(deserializeError(message.error));
    });
  });
}

function watchExit(worker: Worker, folder: string): WorkerExit {
  let isExpected = false;
  let cause: Error | null = null;
  let reportFailure: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    reportFailure = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      if (!isExpected) {
        // A thread that dies cannot release the lock, and the process named in the lock is still alive.
        removeOwnLock(folder);
        reportFailure(cause ?? new Error(`the store exited with code ${code}`));
      }
      resolve();
    });
  });
  worker.on('error', (error) => {
    cause = error instanceof Error ? error : new Error(String(error));
  });
  return {
    ended,
    failed,
    expect() {
      isExpected = true;
    },
  };
}

function createBackup(worker: Worker, ended: Promise<void>): EmbeddedStore['backup'] {
  let lastId = 0;
  return (file) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      function onMessage(message: FromWorker): void {
        if (message.kind !== 'backedUp' || message.id !== id) return;
        worker.off('message', onMessage);
        if (message.error) reject(deserializeError(message.error));
        else resolve();
      }
      worker.on('message', onMessage);
      void ended.then(() => reject(new Error('the store has stopped')));
      worker.postMessage({ kind: 'backup', id, file: resolvePath(file) } satisfies ToWorker);
    });
}

/** Starts the store of a folder in a worker thread. Throws StoreLockedError and StoreVersionError. */
export async function startEmbeddedStore(options: HostOptions): Promise<EmbeddedStore> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: options });
  const exit = watchExit(worker, options.path);
  let listening: Listening;
  try {
    listening = await waitUntilListening(worker);
  } catch (error) {
    exit.expect();
    await worker.terminate();
    throw error;
  }
  const { socketPath, port } = listening;
  return {
    socketPath,
    port,
    uri: (database) => uriOfSocket(socketPath, database),
    backup: createBackup(worker, exit.ended),
    async stop() {
      exit.expect();
      worker.postMessage({ kind: 'stop' } satisfies ToWorker);
      await exit.ended;
    },
    failed: exit.failed,
  };
}
