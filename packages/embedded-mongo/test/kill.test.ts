/** Kills a store again and again under load: no acknowledged write is lost, and none is partial. (8.3) */
import { join } from 'node:path';
import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectTo, spawnStore, temporaryFolder } from './support/store.js';
import type { StoreProcess, Client } from './support/store.js';

const { MongoServerError } = mongoose.mongo;
const killCount = Number(process.env['EMBEDDED_MONGO_KILLS'] ?? 10);
const writerCount = 24;
/** Three times the half second within which a store should listen. */
const maxStartMs = 1_500;

interface Row {
  _id: string;
  writer: number;
  n: number;
  tags: string[];
  even?: boolean;
}

interface Counter {
  _id: number;
  n: number;
}

/** The writes of one writer, by what it knows about their outcome. */
interface Ledger {
  stored: Set<string>;
  deleted: Set<string>;
  /** Sent and not answered: complete, or not there at all. */
  uncertain: Set<string>;
  counted: number;
  counterUncertain: number;
  acknowledged: number;
}

const rowsOf = (client: Client) => client.db().collection<Row>('rows');
const countersOf = (client: Client) => client.db().collection<Counter>('counters');

const newLedger = (): Ledger => ({
  stored: new Set(),
  deleted: new Set(),
  uncertain: new Set(),
  counted: 0,
  counterUncertain: 0,
  acknowledged: 0,
});

function rowOf(writer: number, n: number): Row {
  const even = n % 2 === 0 ? { even: true } : {};
  return { _id: `${writer}-${n}`, writer, n, tags: [`w${writer}`, `n${n % 7}`, 'all'], ...even };
}

/** Inserts a row, increments the counter, and now and then deletes an old row; records each answer. */
async function writeOnce(client: Client, writer: number, n: number, ledger: Ledger): Promise<void> {
  const row = rowOf(writer, n);
  ledger.uncertain.add(row._id);
  await rowsOf(client).insertOne(row);
  ledger.uncertain.delete(row._id);
  ledger.stored.add(row._id);
  ledger.acknowledged++;
  ledger.counterUncertain++;
  await countersOf(client).updateOne({ _id: writer }, { $inc: { n: 1 } }, { upsert: true });
  ledger.counterUncertain--;
  ledger.counted++;
  ledger.acknowledged++;
  const old = `${writer}-${n - 5}`;
  if (n % 3 !== 0 || !ledger.stored.delete(old)) return;
  ledger.uncertain.add(old);
  await rowsOf(client).deleteOne({ _id: old });
  ledger.uncertain.delete(old);
  ledger.deleted.add(old);
  ledger.acknowledged++;
}

/** Writes until the store is killed. An error that the store itself answers fails the test. */
async function writeUntilKilled(client: Client, writer: number, round: number, ledger: Ledger): Promise<void> {
  for (let n = round * 100_000; ; n++) {
    try {
      await writeOnce(client, writer, n, ledger);
    } catch (error) {
      if (error instanceof MongoServerError) throw error;
      return;
    }
  }
}

/** Kills the store after a random number of acknowledged writes, while the writers continue. */
async function killUnderLoad(store: StoreProcess, ledgers: readonly Ledger[], round: number): Promise<number> {
  const client = await connectTo(store, {
    retryWrites: false,
    serverSelectionTimeoutMS: 1_000,
    maxPoolSize: writerCount,
  });
  const count = (): number => ledgers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const before = count();
  const goal = before + 50 + Math.floor(Math.random() * 400);
  const writing = Promise.all(ledgers.map((ledger, writer) => writeUntilKilled(client, writer, round, ledger)));
  while (count() < goal) await client.db().command({ ping: 1 });
  expect(await store.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  await writing;
  await client.close(true);
  return count() - before;
}

async function createIndexes(client: Client): Promise<void> {
  await rowsOf(client).createIndexes([
    { key: { writer: 1, n: 1 }, unique: true },
    { key: { n: -1, writer: 1 } },
    { key: { tags: 1, n: 1 } },
    { key: { even: 1 }, partialFilterExpression: { even: true } },
  ]);
}

/** Every index holds exactly what a rebuild from the documents would hold. */
async function expectIndexesComplete(client: Client, rows: readonly Row[]): Promise<void> {
  const idsBy = async (hint: string, filter: object): Promise<string[]> =>
    (await rowsOf(client).find(filter).hint(hint).toArray()).map(({ _id }) => _id).sort();
  const ids = (list: readonly Row[]): string[] => list.map(({ _id }) => _id).sort();
  expect(await idsBy('writer_1_n_1', { writer: { $gte: 0 } })).toEqual(ids(rows));
  expect(await idsBy('n_-1_writer_1', { n: { $gte: 0 } })).toEqual(ids(rows));
  expect(await idsBy('tags_1_n_1', { tags: 'all' })).toEqual(ids(rows));
  for (const tag of ['w0', 'n3']) {
    expect(await idsBy('tags_1_n_1', { tags: tag })).toEqual(ids(rows.filter(({ tags }) => tags.includes(tag))));
  }
  expect(await idsBy('even_1', { even: true })).toEqual(ids(rows.filter(({ even }) => even)));
  expect(await rowsOf(client).estimatedDocumentCount()).toBe(rows.length);
}

/** Acknowledged writes are there; uncertain ones are complete or absent, and are certain from now on. */
async function expectNothingLost(client: Client, ledgers: readonly Ledger[]): Promise<void> {
  const rows = await rowsOf(client).find().hint({ $natural: 1 }).toArray();
  const found = new Map(rows.map((row) => [row._id, row]));
  const known = new Set<string>();
  const counters = new Map((await countersOf(client).find().toArray()).map(({ _id, n }) => [_id, n]));
  for (const [writer, ledger] of ledgers.entries()) {
    expect([...ledger.stored].filter((id) => !found.has(id))).toEqual([]);
    expect([...ledger.deleted].filter((id) => found.has(id))).toEqual([]);
    for (const id of ledger.uncertain) (found.has(id) ? ledger.stored : ledger.deleted).add(id);
    ledger.uncertain.clear();
    for (const id of ledger.stored) known.add(id);
    const n = counters.get(writer) ?? 0;
    expect(n).toBeGreaterThanOrEqual(ledger.counted);
    expect(n).toBeLessThanOrEqual(ledger.counted + ledger.counterUncertain);
    Object.assign(ledger, { counted: n, counterInDoubt: 0 });
  }
  expect([...found.keys()].sort()).toEqual([...known].sort());
  for (const row of rows) expect(row).toEqual(rowOf(row.writer, row.n));
  await expectIndexesComplete(client, rows);
}

it(
  `(8.3) ${killCount} kills under the load of ${writerCount} writers lose no acknowledged write`,
  async () => {
    const path = join(temporaryFolder(), 'data');
    const ledgers = Array.from({ length: writerCount }, newLedger);
    const starts: number[] = [];
    let store = await spawnStore(path);
    const setUp = await connectTo(store);
    await createIndexes(setUp);
    await setUp.close(true);
    for (let round = 1; round <= killCount; round++) {
      expect(await killUnderLoad(store, ledgers, round)).toBeGreaterThanOrEqual(50);
      store = await spawnStore(path);
      starts.push(store.startedInMs);
      const reader = await connectTo(store);
      await expectNothingLost(reader, ledgers);
      await reader.close(true);
    }
    const median = starts.sort((a, b) => a - b)[Math.floor(starts.length / 2)] ?? Infinity;
    expect(median).toBeLessThan(maxStartMs);
    const total = ledgers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    console.info(
      `${killCount} kills, ${total} writes acknowledged, none lost; listening after ${Math.round(median)} ms`,
    );
  },
  30_000 + killCount * 8_000,
);
