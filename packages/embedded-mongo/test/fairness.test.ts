/** A long scan lets other commands run, and honors its time limit. (8.10) */
import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectTo, openStore } from './support/store.js';
import type { Client } from './support/store.js';

const { MongoServerError } = mongoose.mongo;
const documentCount = 40_000;
const batchSize = 5_000;
/** Three times the 20 ms by which a scan may delay a point read. */
const maxDelayMs = 60;
/** Matches nothing, and is tried at every position of every string. */
const slowFilter = { text: { $regex: '(a|b|c|d)+(e|f)+z$' } };

async function fill(client: Client): Promise<void> {
  const rows = client.db().collection<{ _id: number; text: string }>('rows');
  const text = 'abcdef'.repeat(12);
  for (let from = 0; from < documentCount; from += batchSize) {
    await rows.insertMany(Array.from({ length: batchSize }, (_, at) => ({ _id: from + at, text })));
  }
}

const rowsOf = (client: Client) => client.db().collection<{ _id: number }>('rows');

function percentile(durations: readonly number[], share: number): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
}

it('(8.10) a point read completes during a scan', async () => {
  const store = await openStore();
  const [scanner, reader] = [await connectTo(store), await connectTo(store)];
  await fill(scanner);
  for (let id = 0; id < 20; id++) await rowsOf(reader).findOne({ _id: id });
  let isScanning = true;
  const scan = rowsOf(scanner)
    .countDocuments(slowFilter)
    .finally(() => (isScanning = false));
  const waited: number[] = [];
  while (isScanning) {
    const began = performance.now();
    const row = await rowsOf(reader).findOne({ _id: (waited.length * 997) % documentCount });
    waited.push(performance.now() - began);
    expect(row?._id).toBe(((waited.length - 1) * 997) % documentCount);
  }
  expect(await scan).toBe(0);
  expect(waited.length).toBeGreaterThan(10);
  expect(percentile(waited, 0.9)).toBeLessThan(maxDelayMs);
}, 60_000);

it('(8.10) a scan fails with error 50 when its time is over, and the store keeps working', async () => {
  const store = await openStore();
  const client = await connectTo(store);
  await fill(client);
  const began = performance.now();
  const error: unknown = await rowsOf(client)
    .find(slowFilter, { maxTimeMS: 30 })
    .toArray()
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MongoServerError);
  expect(error).toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
  const took = performance.now() - began;
  expect(await rowsOf(client).findOne({ _id: 1 })).toMatchObject({ _id: 1 });
  const whole = performance.now();
  await rowsOf(client).countDocuments(slowFilter);
  // The scan was really cut short: a complete one takes longer.
  expect(took).toBeLessThan(performance.now() - whole);
}, 60_000);

it('(8.10) a range that is read by skipping, without results, fails with error 50 too', async () => {
  const store = await openStore();
  const client = await connectTo(store);
  const rows = client.db().collection<{ _id: number; text: string; n: number }>('rows');
  await rows.createIndex({ text: 1, n: 1 });
  for (let from = 0; from < documentCount; from += batchSize)
    await rows.insertMany(
      Array.from({ length: batchSize }, (_, at) => ({ _id: from + at, text: `t${from + at}`, n: 1 })),
    );
  const error: unknown = await rows
    .find({ text: { $gte: '' }, n: { $gt: 5 } }, { maxTimeMS: 10, hint: 'text_1_n_1' })
    .toArray()
    .catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MongoServerError);
  expect(error).toHaveProperty('code', 50);
}, 60_000);
