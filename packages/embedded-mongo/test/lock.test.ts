/** One process per folder, private to its user, in a format that this version reads. (8.9) */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { startEmbeddedStore, StoreLockedError, StoreVersionError } from '@causerie/embedded-mongo';
import { connectTo, openStore, spawnStore, temporaryFolder } from './support/store.js';

const mainFile = fileURLToPath(new URL('../main.js', import.meta.url));
const run = (args: string[]) => spawnSync(process.execPath, [mainFile, ...args], { encoding: 'utf8', timeout: 20_000 });
const lockFile = (folder: string): string => join(folder, 'store.lock');
const modeOf = (path: string): number => statSync(path).mode & 0o777;

async function insertRow(store: { socketPath: string }, _id: number): Promise<void> {
  const client = await connectTo(store);
  await client.db().collection<{ _id: number }>('rows').insertOne({ _id });
}

async function idsIn(store: { socketPath: string }): Promise<number[]> {
  const client = await connectTo(store);
  const rows = await client.db().collection<{ _id: number }>('rows').find().sort({ _id: 1 }).toArray();
  return rows.map(({ _id }) => _id);
}

describe('(8.9) the lock of a folder', () => {
  it('rejects a second process with the pid of the first, which keeps running', async () => {
    const path = join(temporaryFolder(), 'data');
    const first = await spawnStore(path);
    const second = run(['--path', path, '--socket', join(temporaryFolder(), 's.sock')]);
    expect(second.status).toBe(1);
    expect(second.stderr).toContain(`in use by process ${first.pid}`);
    expect(second.stderr).not.toContain('    at ');
    await insertRow(first, 1);
    expect(await idsIn(first)).toEqual([1]);
  });

  it('rejects a second store in the same process, and is free after the first has stopped', async () => {
    const path = join(temporaryFolder(), 'data');
    const store = await startEmbeddedStore({ path });
    const refused: unknown = await startEmbeddedStore({ path }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StoreLockedError);
    expect(refused).toMatchObject({ path, pid: process.pid });
    await store.stop();
    await insertRow(await openStore(path), 1);
  });

  it('is taken over from a process that was killed, with all acknowledged writes', async () => {
    const path = join(temporaryFolder(), 'data');
    const first = await spawnStore(path);
    await insertRow(first, 1);
    expect(await first.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(readFileSync(lockFile(path), 'utf8')).toContain(String(first.pid));
    const second = await spawnStore(path);
    expect(await idsIn(second)).toEqual([1]);
    expect(readFileSync(lockFile(path), 'utf8')).toContain(String(second.pid));
  });

  it.runIf(process.platform === 'linux')('is taken over when its pid now belongs to another process', async () => {
    const path = join(temporaryFolder(), 'data');
    await (await startEmbeddedStore({ path })).stop();
    // This process is alive, but it did not start when the lock says.
    writeFileSync(lockFile(path), `${process.ppid} 00000000-0000-0000-0000-000000000000/1\n`);
    await insertRow(await openStore(path), 1);
    expect(readFileSync(lockFile(path), 'utf8').split(' ')[0]).toBe(String(process.pid));
  });

  it('goes to exactly one of two processes that take over a stale one at the same time', async () => {
    const path = join(temporaryFolder(), 'data');
    await (await spawnStore(path)).kill('SIGKILL');
    const outcomes = await Promise.allSettled([spawnStore(path), spawnStore(path)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = outcomes.find((one) => one.status === 'rejected');
    expect(String(loser?.reason)).toMatch(/in use by process \d+/);
  });

  it('is released by an orderly shutdown', async () => {
    const path = join(temporaryFolder(), 'data');
    const store = await spawnStore(path);
    expect(await store.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(() => statSync(lockFile(path))).toThrow('ENOENT');
    expect(() => statSync(store.socketPath)).toThrow('ENOENT');
  });
});

describe('(8.9) the folder and the socket', () => {
  it('are accessible to their user only', async () => {
    const path = join(temporaryFolder(), 'data');
    const { socketPath } = await openStore(path);
    expect(modeOf(path)).toBe(0o700);
    expect(dirname(dirname(socketPath))).toBe(path);
    expect(modeOf(dirname(socketPath))).toBe(0o700);
    const alone = join(temporaryFolder(), 'alone');
    const store = await spawnStore(alone);
    expect(modeOf(store.socketPath) & 0o077).toBe(0);
    expect(modeOf(join(alone, 'store.mdb')) & 0o077).toBe(0);
  });

  it('can be nested deeper than the limit of a socket path', async () => {
    const path = join(temporaryFolder(), ...Array.from({ length: 12 }, (_, at) => `folder-number-${at}`));
    const store = await openStore(path);
    expect(Buffer.byteLength(store.socketPath)).toBeLessThan(104);
    expect(modeOf(dirname(store.socketPath))).toBe(0o700);
    await insertRow(store, 1);
  });
});

describe('the version stamp', () => {
  it('of a newer version is rejected, and nothing is changed', async () => {
    const path = join(temporaryFolder(), 'data');
    await (await startEmbeddedStore({ path })).stop();
    const file = join(path, 'store.mdb');
    const binary = { keyEncoding: 'binary', encoding: 'binary' } as const;
    const root = open<Buffer, Buffer>({ path: file, noSubdir: true, maxDbs: 4, ...binary });
    const catalogue = root.openDB<Buffer, Buffer>({ name: 'catalogue', ...binary });
    root.transactionSync(() => catalogue.putSync(Buffer.from('version'), Buffer.from('2')));
    await root.close();
    const before = readFileSync(file);
    const refused: unknown = await startEmbeddedStore({ path }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StoreVersionError);
    expect(refused).toMatchObject({ found: 2 });
    expect(readFileSync(file).equals(before)).toBe(true);
    const alone = run(['--path', path]);
    expect([alone.status, alone.stderr]).toEqual([1, expect.stringContaining('has format 2')]);
  });
});

describe('the command line', () => {
  it.each([[[]], [['--path']], [['--path', 'x', '--strange']], [['--path', 'x', '--open-loopback-port', 'http']]])(
    '%j prints the usage',
    (args: string[]) => {
      const ended = run(args);
      expect([ended.status, ended.stderr]).toEqual([2, expect.stringMatching(/^usage: /)]);
    },
  );
});
