/** The store as an application holds it: a handle on the worker thread in which it runs. */
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { dropOwnLock } from '../store/lock-file.js';
import type { HostOptions } from './host.js';
import { errorOf } from './messages.js';
import type { FromWorker, ToWorker } from './messages.js';
import { uriOfSocket } from './socket-note.js';

export interface EmbeddedStore {
  readonly socketPath: string;
  /** The port on 127.0.0.1, if one was asked for. */
  readonly port: number | null;
  /** The connection string of a database, for the driver or Mongoose. */
  readonly uri: (database: string) => string;
  /** Writes a compact and consistent copy of everything to a file that must not exist yet, while the store runs. */
  readonly backup: (file: string) => Promise<void>;
  /** Ends the store; what is under way is answered 11600. Calling it twice does no harm. */
  readonly stop: () => Promise<void>;
  /** Settles with the cause if the store dies by itself, and never otherwise. */
  readonly failed: Promise<Error>;
}

type Listening = FromWorker & { kind: 'listening' };

function untilListening(worker: Worker): Promise<Listening> {
  return new Promise((resolved, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the store ended before it listened')));
    worker.once('message', (message: FromWorker) => {
      if (message.kind === 'listening') resolved(message);
      else if (message.kind === 'refused') reject(errorOf(message.fault));
    });
  });
}

/** Watches the end of the worker: as asked for, or by itself. */
function watch(
  worker: Worker,
  folder: string,
): { ended: Promise<void>; failed: Promise<Error>; expectEnd: () => void } {
  let expected = false;
  let cause: Error | null = null;
  let tell: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((settle) => {
    tell = settle;
  });
  const ended = new Promise<void>((settle) => {
    worker.once('exit', (code) => {
      // A thread that dies cannot release the lock, and the process that it names lives on.
      if (!expected) dropOwnLock(folder);
      if (!expected) tell(cause ?? new Error(`the store has ended with code ${code}`));
      settle();
    });
  });
  worker.on('error', (error) => {
    cause = error instanceof Error ? error : new Error(String(error));
  });
  return {
    ended,
    failed,
    expectEnd: () => {
      expected = true;
    },
  };
}

function backups(worker: Worker, ended: Promise<void>): EmbeddedStore['backup'] {
  let last = 0;
  return (file) =>
    new Promise((done, reject) => {
      const id = ++last;
      const hear = (message: FromWorker): void => {
        if (message.kind !== 'backedUp' || message.id !== id) return;
        worker.off('message', hear);
        if (message.fault) reject(errorOf(message.fault));
        else done();
      };
      worker.on('message', hear);
      void ended.then(() => reject(new Error('the store has ended')));
      worker.postMessage({ kind: 'backup', id, file: resolve(file) } satisfies ToWorker);
    });
}

/** Starts the store of a folder in a worker thread. Throws StoreLockedError and StoreVersionError. */
export async function startEmbeddedStore(options: HostOptions): Promise<EmbeddedStore> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: options });
  const { ended, failed, expectEnd } = watch(worker, options.path);
  let place: Listening;
  try {
    place = await untilListening(worker);
  } catch (error) {
    expectEnd();
    await worker.terminate();
    throw error;
  }
  const stop = async (): Promise<void> => {
    expectEnd();
    worker.postMessage({ kind: 'stop' } satisfies ToWorker);
    await ended;
  };
  return {
    socketPath: place.socketPath,
    port: place.port,
    uri: (database) => uriOfSocket(place.socketPath, database),
    backup: backups(worker, ended),
    stop,
    failed,
  };
}
