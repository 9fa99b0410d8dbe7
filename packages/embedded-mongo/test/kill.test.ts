/** A store that is killed again and again under load: nothing acknowledged is lost, nothing is half there. (8.3) */
import { join } from 'node:path';
import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectTo, spawnStore, temporaryFolder } from './support/store.js';
import type { StoreProcess, Client } from './support/store.js';

const { MongoServerError } = mongoose.mongo;
const KILLS = Number(process.env['EMBEDDED_MONGO_KILLS'] ?? 10);
const WRITERS = 24;
/** Three times the half second in which a store is to listen. */
const START_MS = 1_500;

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

/** What one writer was told, and what it was not. */
interface Ledger {
  readonly kept: Set<string>;
  readonly deleted: Set<string>;
  /** Asked for and not answered: there whole, or not at all. */
  readonly doubtful: Set<string>;
  counted: number;
  counterInDoubt: number;
  acknowledged: number;
}

const rowsOf = (client: Client) => client.db().collection<Row>('rows');
const countersOf = (client: Client) => client.db().collection<Counter>('counters');

const newLedger = (): Ledger => ({
  kept: new Set(),
  deleted: new Set(),
  doubtful: new Set(),
  counted: 0,
  counterInDoubt: 0,
  acknowledged: 0,
});

function rowOf(writer: number, n: number): Row {
  const even = n % 2 === 0 ? { even: true } : {};
  return { _id: `${writer}-${n}`, writer, n, tags: [`w${writer}`, `n${n % 7}`, 'all'], ...even };
}

/** One row in, the counter up, and now and then an old row out; notes each answer. */
async function writeOnce(client: Client, writer: number, n: number, ledger: Ledger): Promise<void> {
  const row = rowOf(writer, n);
  ledger.doubtful.add(row._id);
  await rowsOf(client).insertOne(row);
  ledger.doubtful.delete(row._id);
  ledger.kept.add(row._id);
  ledger.acknowledged++;
  ledger.counterInDoubt++;
  await countersOf(client).updateOne({ _id: writer }, { $inc: { n: 1 } }, { upsert: true });
  ledger.counterInDoubt--;
  ledger.counted++;
  ledger.acknowledged++;
  const old = `${writer}-${n - 5}`;
  if (n % 3 !== 0 || !ledger.kept.delete(old)) return;
  ledger.doubtful.add(old);
  await rowsOf(client).deleteOne({ _id: old });
  ledger.doubtful.delete(old);
  ledger.deleted.add(old);
  ledger.acknowledged++;
}

/** Writes until the store is gone; an answer of the store itself is none that may come. */
async function writeOn(client: Client, writer: number, round: number, ledger: Ledger): Promise<void> {
  for (let n = round * 100_000; ; n++) {
    try {
      await writeOnce(client, writer, n, ledger);
    } catch (error) {
      if (error instanceof MongoServerError) throw error;
      return;
    }
  }
}

/** Kills the store when so many more writes are acknowledged, while the writers go on. */
async function killUnderLoad(store: StoreProcess, ledgers: readonly Ledger[], round: number): Promise<number> {
  const client = await connectTo(store, { retryWrites: false, serverSelectionTimeoutMS: 1_000, maxPoolSize: WRITERS });
  const count = (): number => ledgers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const before = count();
  const goal = before + 50 + Math.floor(Math.random() * 400);
  const writing = Promise.all(ledgers.map((ledger, writer) => writeOn(client, writer, round, ledger)));
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
async function expectIndexesWhole(client: Client, rows: readonly Row[]): Promise<void> {
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

/** What was acknowledged is there; what was in doubt is whole or absent, and is no longer in doubt. */
async function expectKept(client: Client, ledgers: readonly Ledger[]): Promise<void> {
  const rows = await rowsOf(client).find().hint({ $natural: 1 }).toArray();
  const there = new Map(rows.map((row) => [row._id, row]));
  const known = new Set<string>();
  const counters = new Map((await countersOf(client).find().toArray()).map(({ _id, n }) => [_id, n]));
  for (const [writer, ledger] of ledgers.entries()) {
    expect([...ledger.kept].filter((id) => !there.has(id))).toEqual([]);
    expect([...ledger.deleted].filter((id) => there.has(id))).toEqual([]);
    for (const id of ledger.doubtful) (there.has(id) ? ledger.kept : ledger.deleted).add(id);
    ledger.doubtful.clear();
    for (const id of ledger.kept) known.add(id);
    const n = counters.get(writer) ?? 0;
    expect(n).toBeGreaterThanOrEqual(ledger.counted);
    expect(n).toBeLessThanOrEqual(ledger.counted + ledger.counterInDoubt);
    Object.assign(ledger, { counted: n, counterInDoubt: 0 });
  }
  expect([...there.keys()].sort()).toEqual([...known].sort());
  for (const row of rows) expect(row).toEqual(rowOf(row.writer, row.n));
  await expectIndexesWhole(client, rows);
}

it(
  `(8.3) ${KILLS} kills under the load of ${WRITERS} writers lose nothing that was acknowledged`,
  async () => {
    const path = join(temporaryFolder(), 'data');
    const ledgers = Array.from({ length: WRITERS }, newLedger);
    const starts: number[] = [];
    let store = await spawnStore(path);
    const setUp = await connectTo(store);
    await createIndexes(setUp);
    await setUp.close(true);
    for (let round = 1; round <= KILLS; round++) {
      expect(await killUnderLoad(store, ledgers, round)).toBeGreaterThanOrEqual(50);
      store = await spawnStore(path);
      starts.push(store.startedInMs);
      const reader = await connectTo(store);
      await expectKept(reader, ledgers);
      await reader.close(true);
    }
    const median = starts.sort((a, b) => a - b)[Math.floor(starts.length / 2)] ?? Infinity;
    expect(median).toBeLessThan(START_MS);
    const total = ledgers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    console.info(`${KILLS} kills, ${total} writes acknowledged, none lost; listening after ${Math.round(median)} ms`);
  },
  30_000 + KILLS * 8_000,
);
