/** A whole store in this thread: opened, listening, and closed again. */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { createDispatcher } from '../commands/engine.js';
import { openStore } from '../store/store.js';
import type { Store } from '../store/store.js';
import { lockHolder, StoreLockedError } from '../store/lock-file.js';
import { listen } from './listener.js';
import { placeSocket, removeAbandoned } from './socket-file.js';
import { readNote, removeNote, socketOf, writeNote } from './socket-note.js';

export interface HostOptions {
  /** The folder of the data; it is made if it is not there, readable for its user alone. */
  readonly path: string;
  /** Where to listen; must end with `.sock`. Without it a place in the folder, or a fresh private folder. */
  readonly socketPath?: string;
  /** Allows `configureFailPoint` and `setParameter`. */
  readonly testCommands?: boolean;
  /** Listens on this port of 127.0.0.1 as well, without a password: every user of the machine can read and write. */
  readonly openLoopbackPort?: number;
}

export interface Host {
  readonly socketPath: string;
  readonly port: number | null;
  readonly backup: (file: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A store that answers holds the folder even if its lock says nothing here: a container sees no pids of another one. */
async function refuseRunning(folder: string): Promise<void> {
  const running = await socketOf(folder);
  if (running !== null) throw new StoreLockedError(folder, lockHolder(folder) ?? 0);
  const note = readNote(folder);
  if (note) removeAbandoned(note.socketPath);
}

async function open(folder: string, store: Store, options: HostOptions): Promise<Host> {
  const instance = randomUUID();
  const place = await placeSocket(folder, options.socketPath);
  const dispatcher = createDispatcher(store, { testCommands: options.testCommands ?? false, instance });
  const leave = (): void => {
    dispatcher.stop();
    place.remove();
    removeNote(folder);
  };
  try {
    const { port, close } = await listen(dispatcher, {
      socketPath: place.path,
      port: options.openLoopbackPort ?? null,
    });
    writeNote(folder, { socketPath: place.path, instance });
    const stop = async (): Promise<void> => {
      leave();
      await close();
      await store.close();
    };
    return { socketPath: place.path, port, backup: store.backup, stop };
  } catch (error) {
    leave();
    throw error;
  }
}

/** Opens the store of a folder and listens. Throws StoreLockedError and StoreVersionError. */
export async function startHost(options: HostOptions): Promise<Host> {
  const folder = resolve(options.path);
  await refuseRunning(folder);
  const store = openStore(folder);
  try {
    return await open(folder, store, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}
