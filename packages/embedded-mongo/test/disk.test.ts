/** A full disk: errors and no crash, reads continue, counts stay correct, and writes succeed again once there is space. (8.4) */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { storageError } from '../src/store/environment.js';
import { connectTo, spawnStore, temporaryFolder } from './support/store.js';
import type { StoreProcess, Client } from './support/store.js';

/** The largest size of a file, in blocks of 1,024 bytes. */
const fileLimitBlocks = 4_096;

/** Starts a store process whose files cannot grow beyond a limit; LMDB sees that limit as a full disk. */
const startLimited = (): Promise<StoreProcess> =>
  spawnStore(
    join(temporaryFolder(), 'data'),
    [],
    ['bash', '-c', `trap '' XFSZ; ulimit -S -f ${fileLimitBlocks}; exec "$@"`, 'bash'],
  );

/** LMDB sees a write that the system cuts short as an I/O error, and one that it rejects as a full disk. */
const writeFailure = {
  code: expect.toSatisfy((code: number) => code === 14031 || code === 1),
  message: expect.stringMatching(/the disk is full: nothing was written|the store could not write/),
};

interface Row {
  _id: number;
  n: number;
  text: string;
}

const rowsOf = (client: Client) => client.db().collection<Row>('rows');

/** Inserts until the store fails; returns the number of successful inserts, and the error. */
async function fill(client: Client, from: number): Promise<{ count: number; error: unknown }> {
  const text = 'x'.repeat(10_000);
  for (let count = 0; ; count++) {
    try {
      await rowsOf(client).insertOne({ _id: from + count, n: from + count, text });
    } catch (error) {
      return { count, error };
    }
    if (count > 10_000) throw new Error('the limit was never reached');
  }
}

async function expectConsistent(client: Client, count: number): Promise<void> {
  const rows = rowsOf(client);
  const ids = (await rows.find().hint({ $natural: 1 }).project({ _id: 1 }).toArray()).map(({ _id }) => Number(_id));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at));
  expect(await rows.estimatedDocumentCount()).toBe(count);
  expect(
    await rows
      .find({ n: { $gte: 0 } })
      .hint('n_1')
      .sort({ n: 1 })
      .toArray(),
  ).toHaveLength(count);
  if (count > 0) expect(await rows.findOne({ _id: count - 1 })).toMatchObject({ n: count - 1 });
}

it('(8.4) a full disk causes errors, does no harm, and is over once there is space', async () => {
  const store = await startLimited();
  const client = await connectTo(store, { retryWrites: false });
  await rowsOf(client).createIndex({ n: 1 }, { unique: true });
  const first = await fill(client, 0);
  expect(first.count).toBeGreaterThan(50);
  expect(first.error).toMatchObject(writeFailure);
  await expectConsistent(client, first.count);

  // Nothing is partial: neither a new collection, nor an index, nor an update.
  await expect(
    client
      .db()
      .collection('others')
      .insertOne({ text: 'x'.repeat(100_000) }),
  ).rejects.toMatchObject(writeFailure);
  const change = { $set: { text: 'y'.repeat(100_000) } };
  await expect(rowsOf(client).updateMany({}, change)).rejects.toMatchObject(writeFailure);
  await expectConsistent(client, first.count);
  expect(await rowsOf(client).countDocuments({ text: /^y/ })).toBe(0);
  expect(store.isAlive()).toBe(true);

  execFileSync('prlimit', ['--pid', String(store.pid), '--fsize=unlimited']);
  await rowsOf(client).insertOne({ _id: first.count, n: first.count, text: 'space again' });
  await expectConsistent(client, first.count + 1);
  await expect(rowsOf(client).insertOne({ _id: -1, n: 0, text: '' })).rejects.toMatchObject({ code: 11000 });
}, 60_000);

/** libfiu makes chosen calls of a process fail: Debian has it in fiu-utils. CI installs it, and fails without it. */
const canInjectFaults = process.env['CI'] !== undefined || spawnSync('fiu-run', ['-h']).error === undefined;

it.skipIf(!canInjectFaults)(
  '(8.4) a failed sync causes an error and does no harm (skipped without fiu-run)',
  async () => {
    const path = join(temporaryFolder(), 'data');
    const control = join(temporaryFolder('faults'), 'control');
    const store = await spawnStore(path, [], ['fiu-run', '-x', '-f', control]);
    const controlFaults = (command: string): void =>
      void execFileSync('fiu-ctrl', [
        '-f',
        control,
        '-c',
        `${command} name=posix/io/sync/fdatasync`,
        String(store.pid),
      ]);
    const client = await connectTo(store, { retryWrites: false });
    const insert = (id: number): Promise<unknown> => rowsOf(client).insertOne({ _id: id, n: id, text: '' });
    await rowsOf(client).createIndex({ n: 1 }, { unique: true });
    await insert(0);

    controlFaults('enable');
    for (const id of [1, 2, 1]) {
      await expect(insert(id)).rejects.toMatchObject({ message: expect.stringMatching(/the store could not write/) });
    }
    const created = client.db().collection('others').createIndex({ n: 1 });
    await expect(created).rejects.toThrow(/the store could not write/);
    await expectConsistent(client, 1);
    expect(store.isAlive()).toBe(true);
    expect(await client.db().listCollections().toArray()).toHaveLength(1);

    controlFaults('disable');
    await insert(1);
    await insert(2);
    await expectConsistent(client, 3);
    await store.kill();
    await expectConsistent(await connectTo(await spawnStore(path)), 3);
  },
);

it('(8.4) a write that the system cuts short means a full disk if no space is free, and an I/O error otherwise', () => {
  const short = new Error('Input/output error');
  expect(storageError(short, () => 4096)).toMatchObject({ code: 14031 });
  expect(storageError(short, () => 2 ** 30)).toMatchObject({ code: 1 });
  expect(storageError(new Error('No space left on device'), () => 2 ** 30)).toMatchObject({ code: 14031 });
});
