/** A complete store in this thread: opened, listening, and closed again. */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { createDispatcher } from '../commands/dispatcher.js';
import { lockHolder, StoreLockedError } from '../store/lock-file.js';
import { openStore, type Store } from '../store/store.js';
import { listen } from './listener.js';
import { prepareSocket, removeAbandonedSocket } from './socket-file.js';
import { readAddress, removeAddress, socketOf, writeAddress } from './store-address.js';

export interface HostOptions {
  /** The data folder; created with mode 0700 if it does not exist. */
  path: string;
  /** Where to listen; must end with `.sock`. Defaults to a path in the folder, or in a new private folder if that is too long. */
  socketPath?: string;
  /** Allows `configureFailPoint` and `setParameter`. */
  testCommands?: boolean;
  /** Also listens on this port of 127.0.0.1, without a password: every user of the machine can then read and write. */
  openLoopbackPort?: number;
}

export interface Host {
  socketPath: string;
  port: number | null;
  backup(file: string): Promise<void>;
  stop(): Promise<void>;
}

/** Throws StoreLockedError if a store answers for this folder. The lock alone is not enough: a container cannot see the pids of another. */
async function requireNotRunning(folder: string): Promise<void> {
  const running = await socketOf(folder);
  if (running !== null) throw new StoreLockedError(folder, lockHolder(folder) ?? 0);
  const address = readAddress(folder);
  if (address) removeAbandonedSocket(address.socketPath);
}

async function serveStore(folder: string, store: Store, options: HostOptions): Promise<Host> {
  const instance = randomUUID();
  const socket = await prepareSocket(folder, options.socketPath);
  const dispatcher = createDispatcher(store, { testCommands: options.testCommands ?? false, instance });

  function cleanUp(): void {
    dispatcher.stop();
    socket.remove();
    removeAddress(folder);
  }

  try {
    const listener = await listen(dispatcher, { socketPath: socket.path, port: options.openLoopbackPort ?? null });
    writeAddress(folder, { socketPath: socket.path, instance });
    return {
      socketPath: socket.path,
      port: listener.port,
      backup: store.backup,
      async stop() {
        cleanUp();
        await listener.close();
        await store.close();
      },
    };
  } catch (error) {
    cleanUp();
    throw error;
  }
}

/** Opens the store of a folder and listens. Throws StoreLockedError and StoreVersionError. */
export async function startHost(options: HostOptions): Promise<Host> {
  const folder = resolve(options.path);
  await requireNotRunning(folder);
  const store = openStore(folder);
  try {
    return await serveStore(folder, store, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}
