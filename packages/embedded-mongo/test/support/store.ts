/** Stores of the tests: in a worker thread, or in a process of its own that can be killed. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { startEmbeddedStore, uriOfSocket } from '@causerie/embedded-mongo';
import type { EmbeddedStore } from '@causerie/embedded-mongo';
import { onTestFinished } from 'vitest';

const { MongoClient } = mongoose.mongo;
export type Client = InstanceType<typeof MongoClient>;
export type ClientOptions = ConstructorParameters<typeof MongoClient>[1];

const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));

/** A folder that goes when the running test ends. */
export function temporaryFolder(label = 'store'): string {
  const folder = mkdtempSync(join(tmpdir(), `${label}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A store in a worker thread with its fail points allowed; it ends with the running test. */
export async function openStore(path = join(temporaryFolder(), 'data')): Promise<EmbeddedStore> {
  const store = await startEmbeddedStore({ path, testCommands: true });
  onTestFinished(() => store.stop());
  return store;
}

/** A client of a store; it ends with the running test, before the store does. */
export async function connectTo(store: { socketPath: string }, options: ClientOptions = {}): Promise<Client> {
  const client = new MongoClient(uriOfSocket(store.socketPath, 'test'), options);
  onTestFinished(() => client.close(true));
  await client.connect();
  return client;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The store as a process of its own. */
export interface StoreProcess {
  readonly socketPath: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Milliseconds from the start of the process until it listened. */
  readonly startedInMs: number;
  readonly said: () => string;
  readonly isAlive: () => boolean;
  readonly kill: (signal?: NodeJS.Signals) => Promise<Exit>;
}

function listening(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      if (/^listening on /m.test(said())) resolve();
    });
    child.once('close', (code) => reject(new Error(`the store ended with ${code} before it listened:\n${said()}`)));
  });
}

/**
 * Starts the store as a process on a folder; it is killed when the running test ends, if it lives by then.
 * `within` is a command that becomes the store in the end, with the store's own command behind it.
 * Throws what the process said if it ends before it listens.
 */
export async function spawnStore(
  path: string,
  args: string[] = ['--test-commands'],
  within: string[] = [],
): Promise<StoreProcess> {
  const socketPath = join(temporaryFolder('socket'), 's.sock');
  const began = performance.now();
  const [program = '', ...rest] = [...within, process.execPath, MAIN, '--path', path, '--socket', socketPath, ...args];
  const child = spawn(program, rest);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> => {
    if (isAlive()) child.kill(signal);
    return exited;
  };
  onTestFinished(async () => void (await kill()));
  await listening(child, () => output);
  return {
    socketPath,
    pid: child.pid ?? -1,
    exited,
    startedInMs: performance.now() - began,
    said: () => output,
    isAlive,
    kill,
  };
}
