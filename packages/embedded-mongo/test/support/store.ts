/** Stores for tests: in a worker thread, or in a separate process that can be killed. */
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

const mainFile = fileURLToPath(new URL('../../main.js', import.meta.url));

/** Creates a folder that is deleted when the running test ends. */
export function temporaryFolder(label = 'store'): string {
  const folder = mkdtempSync(join(tmpdir(), `${label}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Starts a store in a worker thread with test commands; it stops when the running test ends. */
export async function openStore(path = join(temporaryFolder(), 'data')): Promise<EmbeddedStore> {
  const store = await startEmbeddedStore({ path, testCommands: true });
  onTestFinished(() => store.stop());
  return store;
}

/** Connects a client to a store; it is closed when the running test ends, before the store stops. */
export async function connectTo(store: { socketPath: string }, options: ClientOptions = {}): Promise<Client> {
  const client = new MongoClient(uriOfSocket(store.socketPath, 'test'), options);
  onTestFinished(() => client.close(true));
  await client.connect();
  return client;
}

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface StoreProcess {
  socketPath: string;
  pid: number;
  exited: Promise<ProcessExit>;
  /** Milliseconds from starting the process until it was listening. */
  startedInMs: number;
  /** Returns everything the process has written so far. */
  output(): string;
  isAlive(): boolean;
  kill(signal?: NodeJS.Signals): Promise<ProcessExit>;
}

function waitUntilListening(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', () => {
      if (/^listening on /m.test(output())) resolve();
    });
    child.once('close', (code) =>
      reject(new Error(`the store exited with ${code} before it was listening:\n${output()}`)),
    );
  });
}

/**
 * Starts the store of a folder as a separate process, which is killed when the running test ends.
 * `wrapper` is a command that ends by executing the store's own command, which is appended to it.
 * Throws with the output of the process if it exits before it is listening.
 */
export async function spawnStore(
  path: string,
  args: string[] = ['--test-commands'],
  wrapper: string[] = [],
): Promise<StoreProcess> {
  const socketPath = join(temporaryFolder('socket'), 's.sock');
  const began = performance.now();
  const [program = '', ...rest] = [
    ...wrapper,
    process.execPath,
    mainFile,
    '--path',
    path,
    '--socket',
    socketPath,
    ...args,
  ];
  const child = spawn(program, rest);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<ProcessExit>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessExit> => {
    if (isAlive()) child.kill(signal);
    return exited;
  };
  onTestFinished(async () => void (await kill()));
  await waitUntilListening(child, () => output);
  return {
    socketPath,
    pid: child.pid ?? -1,
    exited,
    startedInMs: performance.now() - began,
    output: () => output,
    isAlive,
    kill,
  };
}
