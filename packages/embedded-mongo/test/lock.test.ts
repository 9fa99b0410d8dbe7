/** One process per folder, private to its user, and of a format that this version reads. (8.9) */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { startEmbeddedStore, StoreLockedError, StoreVersionError } from '@causerie/embedded-mongo';
import { connectTo, openStore, spawnStore, temporaryFolder } from './support/store.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const run = (args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 20_000 });
const lockIn = (folder: string): string => join(folder, 'store.lock');
const modeOf = (path: string): number => statSync(path).mode & 0o777;

async function put(store: { socketPath: string }, _id: number): Promise<void> {
  const client = await connectTo(store);
  await client.db().collection<{ _id: number }>('rows').insertOne({ _id });
}

async function idsIn(store: { socketPath: string }): Promise<number[]> {
  const client = await connectTo(store);
  const rows = await client.db().collection<{ _id: number }>('rows').find().sort({ _id: 1 }).toArray();
  return rows.map(({ _id }) => _id);
}

describe('(8.9) the lock of a folder', () => {
  it('refuses a second process with the pid of the first, which goes on', async () => {
    const path = join(temporaryFolder(), 'data');
    const first = await spawnStore(path);
    const second = run(['--path', path, '--socket', join(temporaryFolder(), 's.sock')]);
    expect(second.status).toBe(1);
    expect(second.stderr).toContain(`in use by process ${first.pid}`);
    expect(second.stderr).not.toContain('    at ');
    await put(first, 1);
    expect(await idsIn(first)).toEqual([1]);
  });

  it('refuses a second store in the same process, and is free after the first has stopped', async () => {
    const path = join(temporaryFolder(), 'data');
    const store = await startEmbeddedStore({ path });
    const refused: unknown = await startEmbeddedStore({ path }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StoreLockedError);
    expect(refused).toMatchObject({ path, pid: process.pid });
    await store.stop();
    await put(await openStore(path), 1);
  });

  it('is taken over from a process that was killed, with everything it has acknowledged', async () => {
    const path = join(temporaryFolder(), 'data');
    const first = await spawnStore(path);
    await put(first, 1);
    expect(await first.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(readFileSync(lockIn(path), 'utf8')).toContain(String(first.pid));
    const second = await spawnStore(path);
    expect(await idsIn(second)).toEqual([1]);
    expect(readFileSync(lockIn(path), 'utf8')).toContain(String(second.pid));
  });

  it.runIf(process.platform === 'linux')('is taken over when its pid belongs to another process by now', async () => {
    const path = join(temporaryFolder(), 'data');
    await (await startEmbeddedStore({ path })).stop();
    // This process lives, but it did not begin when the lock says.
    writeFileSync(lockIn(path), `${process.ppid} 00000000-0000-0000-0000-000000000000/1\n`);
    await put(await openStore(path), 1);
    expect(readFileSync(lockIn(path), 'utf8').split(' ')[0]).toBe(String(process.pid));
  });

  it('goes to exactly one of two who take a stale one over at once', async () => {
    const path = join(temporaryFolder(), 'data');
    await (await spawnStore(path)).kill('SIGKILL');
    const outcomes = await Promise.allSettled([spawnStore(path), spawnStore(path)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const loser = outcomes.find((one) => one.status === 'rejected');
    expect(String(loser?.reason)).toMatch(/in use by process \d+/);
  });

  it('is released by an orderly end', async () => {
    const path = join(temporaryFolder(), 'data');
    const store = await spawnStore(path);
    expect(await store.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(() => statSync(lockIn(path))).toThrow('ENOENT');
    expect(() => statSync(store.socketPath)).toThrow('ENOENT');
  });
});

describe('(8.9) the folder and the socket', () => {
  it('are open to their user alone', async () => {
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

  it('may lie deeper than a socket path can be long', async () => {
    const path = join(temporaryFolder(), ...Array.from({ length: 12 }, (_, at) => `folder-number-${at}`));
    const store = await openStore(path);
    expect(Buffer.byteLength(store.socketPath)).toBeLessThan(104);
    expect(modeOf(dirname(store.socketPath))).toBe(0o700);
    await put(store, 1);
  });
});

describe('the version stamp', () => {
  it('of a newer version is refused, and nothing is changed', async () => {
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
    '%j is answered by the usage',
    (args: string[]) => {
      const ended = run(args);
      expect([ended.status, ended.stderr]).toEqual([2, expect.stringMatching(/^usage: /)]);
    },
  );
});
