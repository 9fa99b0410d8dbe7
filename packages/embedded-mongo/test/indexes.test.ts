/** Indexes over time: built, synchronized, expiring, dropped, and correct after commands that fail. (8.12) */
import mongoose from 'mongoose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { uriOfSocket } from '@causerie/embedded-mongo';
import { connectTo, openStore } from './support/store.js';
import type { Client } from './support/store.js';

interface Row {
  _id: number;
  [field: string]: unknown;
}

const rowsOf = (client: Client) => client.db().collection<Row>('rows');

/** Waits until a condition holds, and checks it again after each answer of the store. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await holds())) if (Date.now() > deadline) throw new Error('the condition did not hold within 15 s');
}

describe('(8.12) indexes', () => {
  it('stay unchanged when Mongoose synchronizes them again', async () => {
    const store = await openStore();
    const connection = await mongoose.createConnection(uriOfSocket(store.socketPath, 'test')).asPromise();
    onTestFinished(() => connection.close(true));
    const schema = new mongoose.Schema({ a: Number, b: String, tags: [String], at: Date }, { autoIndex: false });
    schema.index({ a: 1, b: -1 }, { unique: true });
    schema.index({ tags: 1 }, { partialFilterExpression: { b: { $type: 'string' } } });
    schema.index({ at: 1 }, { expireAfterSeconds: 3600 });
    schema.index({ b: 1 }, { sparse: true, name: 'named' });
    const Things = connection.model('Thing', schema);
    await Things.createCollection();
    await Things.syncIndexes();
    const once = await Things.listIndexes();
    expect(once).toHaveLength(5);
    expect(await Things.syncIndexes()).toEqual([]);
    expect(await Things.listIndexes()).toEqual(once);
    // Only the indexes that are no longer in the schema are dropped.
    schema.clearIndexes();
    schema.index({ a: 1, b: -1 }, { unique: true });
    expect((await Things.syncIndexes()).sort()).toEqual(['at_1', 'named', 'tags_1']);
  });

  it('with a TTL delete expired documents, and nothing else', async () => {
    const store = await openStore();
    const client = await connectTo(store);
    const rows = rowsOf(client);
    const hourAgo = new Date(Date.now() - 3_600_000);
    await rows.insertMany([
      { _id: 1, at: hourAgo },
      { _id: 2, at: new Date() },
      { _id: 3, at: [new Date(), hourAgo] },
      { _id: 4, at: 'no date' },
      { _id: 5 },
      { _id: 6, until: hourAgo, done: true },
      { _id: 7, until: hourAgo, done: false },
    ]);
    await rows.createIndex({ at: 1 }, { expireAfterSeconds: 60 });
    await rows.createIndex({ until: 1 }, { expireAfterSeconds: 0, partialFilterExpression: { done: true } });
    await client.db('admin').command({ setParameter: 1, ttlMonitorSleepSecs: 1 });
    await until(async () => (await rows.countDocuments()) === 4);
    const left = await rows.find().sort({ _id: 1 }).toArray();
    expect(left.map(({ _id }) => _id)).toEqual([2, 4, 5, 7]);
    expect(await rows.find({}).hint('at_1').sort({ at: 1 }).toArray()).toHaveLength(4);
  });

  it('fail to build over existing duplicates, and leave nothing behind', async () => {
    const client = await connectTo(await openStore());
    const rows = rowsOf(client);
    await rows.insertMany([
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
    ]);
    await expect(rows.createIndex({ a: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 });
    expect((await rows.indexes()).map(({ name }) => name)).toEqual(['_id_']);
    await rows.deleteOne({ _id: 2 });
    await rows.createIndex({ a: 1 }, { unique: true });
    await expect(rows.insertOne({ _id: 3, a: 1 })).rejects.toMatchObject({ code: 11000, keyPattern: { a: 1 } });
  });

  it('and counts are correct after a batch that stops, or continues, at a duplicate', async () => {
    const client = await connectTo(await openStore());
    const rows = rowsOf(client);
    await rows.createIndex({ a: 1 }, { unique: true });
    await rows.createIndex({ tags: 1 });
    const batch = (from: number): Row[] =>
      [1, 2, 2, 3].map((a, at) => ({ _id: from + at, a: from + a, tags: ['x', `t${at}`] }));
    await expect(rows.insertMany(batch(10), { ordered: true })).rejects.toMatchObject({ code: 11000 });
    await expect(rows.insertMany(batch(20), { ordered: false })).rejects.toMatchObject({ code: 11000 });
    await expect(rows.updateMany({}, { $set: { a: 1, tags: ['y'] } })).rejects.toMatchObject({ code: 11000 });
    // The first update took effect before the second was rejected, as in MongoDB.
    const all = await rows.find().sort({ _id: 1 }).toArray();
    expect(all.map(({ _id }) => _id)).toEqual([10, 11, 20, 21, 23]);
    expect(await rows.estimatedDocumentCount()).toBe(5);
    expect(await rows.countDocuments()).toBe(5);
    expect(await rows.find({ tags: 'y' }).hint('tags_1').toArray()).toHaveLength(1);
    expect(await rows.find({ tags: 'x' }).hint('tags_1').toArray()).toHaveLength(4);
    expect(
      await rows
        .find({ a: { $gte: 0 } })
        .hint('a_1')
        .toArray(),
    ).toHaveLength(5);
  });

  it('are complete when documents are inserted, updated and deleted during the build', async () => {
    const client = await connectTo(await openStore());
    const writer = await connectTo({ socketPath: client.options.hosts[0]?.socketPath ?? '' });
    const rows = rowsOf(client);
    for (let from = 0; from < 20_000; from += 5_000) {
      await rows.insertMany(Array.from({ length: 5_000 }, (_, at) => ({ _id: from + at, a: (from + at) % 100 })));
    }
    let isBuilding = true;
    const building = rows.createIndex({ a: 1 }).finally(() => (isBuilding = false));
    let round = 0;
    for (; isBuilding || round < 20; round++) {
      await rowsOf(writer).insertOne({ _id: 100_000 + round, a: 7 });
      await rowsOf(writer).updateOne({ _id: 19_000 - round }, { $set: { a: 1_000 } });
      await rowsOf(writer).deleteOne({ _id: round });
    }
    await building;
    const scan = await rows.find().hint({ $natural: 1 }).toArray();
    const byIndex = await rows
      .find({ a: { $gte: 0 } })
      .hint('a_1')
      .sort({ a: 1 })
      .toArray();
    const ids = (list: readonly Row[]): number[] => list.map(({ _id }) => _id).sort((x, y) => x - y);
    expect(ids(byIndex)).toEqual(ids(scan));
    expect(await rows.find({ a: 1_000 }).hint('a_1').toArray()).toHaveLength(round);
  });

  it('with bounds win over one that only gives the order, which counts as a scan', async () => {
    const store = await openStore();
    const client = await connectTo(store);
    const rows = rowsOf(client);
    await rows.insertMany(Array.from({ length: 200 }, (_, n) => ({ _id: n, a: n % 20, b: n })));
    await rows.createIndex({ a: 1, b: 1 });
    const scans = async (): Promise<unknown> => {
      const status = await client.db('admin').command({ serverStatus: 1 });
      return status['metrics'].queryExecutor.collectionScans.total;
    };
    const either = {
      $or: [
        { a: 3, b: 143 },
        { a: 7, b: 27 },
      ],
    };
    expect((await rows.find(either).sort({ _id: -1 }).toArray()).map(({ _id }) => _id)).toEqual([143, 27]);
    expect(await scans()).toBe(0);
    expect(await rows.find({}).sort({ _id: 1 }).limit(2).toArray()).toHaveLength(2);
    expect(await scans()).toBe(0);
    expect(await rows.find({ c: 1 }).sort({ _id: 1 }).toArray()).toEqual([]);
    expect(await scans()).toBe(1);
  });
});
