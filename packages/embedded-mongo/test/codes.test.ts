/** The error codes that an application handles, and failures that a single healthy server never shows. (8.7) */
import { join } from 'node:path';
import mongoose from 'mongoose';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedStore } from '@causerie/embedded-mongo';
import { connectTo, openStore, temporaryFolder } from './support/store.js';
import type { Client } from './support/store.js';

const { MongoNetworkError } = mongoose.mongo;

let client: Client;
beforeEach(async () => {
  client = await connectTo(await openStore(), { retryWrites: false, retryReads: false });
});

interface Row {
  _id: number;
  n?: number;
  a?: string;
  b?: { c: number };
  text?: string;
}

const rows = () => client.db().collection<Row>('rows');
const run = (command: object): Promise<unknown> => client.db().command({ ...command });
const errorOf = (promise: Promise<unknown>): Promise<mongoose.mongo.Document> =>
  promise.then(
    () => Promise.reject(new Error('the command succeeded')),
    (error: unknown) => error as mongoose.mongo.Document,
  );

describe('(8.7) codes', () => {
  const update = (u: unknown, more: object = {}): object => ({
    update: 'rows',
    updates: [{ q: { _id: 1 }, u, ...more }],
  });
  const cases: [code: number, name: string, command: object][] = [
    [2, 'BadValue', { find: 'rows', filter: { a: { $in: 1 } } }],
    [14, 'TypeMismatch', update({ $inc: { text: 1 } })],
    [26, 'NamespaceNotFound', { listIndexes: 'nothing' }],
    [27, 'IndexNotFound', { dropIndexes: 'rows', index: 'nothing' }],
    [28, 'PathNotViable', update({ $set: { 'text.part': 1 } })],
    [40, 'ConflictingUpdateOperators', update({ $set: { a: 1 }, $inc: { a: 1 } })],
    [43, 'CursorNotFound', { getMore: mongoose.mongo.BSON.Long.fromNumber(7), collection: 'rows' }],
    [59, 'CommandNotFound', { strange: 1 }],
    [66, 'ImmutableField', update({ $set: { _id: 2 } })],
    [171, 'CannotIndexParallelArrays', update({ $set: { list: [1], other: [2] } })],
    [17280, 'KeyTooLong', update({ $set: { list: 'x'.repeat(3_000) } })],
    [40324, 'Location40324', { aggregate: 'rows', pipeline: [{ $strange: 1 }], cursor: {} }],
  ];

  it.each(cases)('%i %s', async (code, codeName, command) => {
    await rows().insertOne({ _id: 1, text: 'hello' });
    await rows().createIndex({ list: 1, other: 1 });
    const error = await errorOf(
      run(command).then((reply) => Promise.reject((reply as mongoose.mongo.Document)['writeErrors']?.[0])),
    );
    expect(error).toMatchObject({ code });
    if (error.codeName !== undefined && code !== 17280) expect(error.codeName).toBe(codeName);
    expect(await rows().findOne()).toEqual({ _id: 1, text: 'hello' });
  });

  it('11000 has the key, its pattern and its value, in the wording that Mongoose parses', async () => {
    await rows().createIndex({ a: 1, 'b.c': -1 }, { unique: true });
    await rows().insertOne({ _id: 1, a: 'x', b: { c: 2 } });
    const error = await errorOf(rows().insertOne({ _id: 2, a: 'x', b: { c: 2 } }));
    expect(error).toMatchObject({ code: 11000, keyPattern: { a: 1, 'b.c': -1 }, keyValue: { a: 'x', 'b.c': 2 } });
    expect(error.message).toMatch(/^E11000 duplicate key error collection: test\.rows index: a_1_b\.c_-1 dup key: /);
  });

  it('20 for a transaction, naming the way out', async () => {
    const session = client.startSession();
    session.startTransaction();
    const error = await errorOf(rows().insertOne({ _id: 1 }, { session }));
    // The driver prepends a message of its own.
    expect(error.originalError).toMatchObject({ code: 20, message: expect.stringContaining('MONGODB_URI') });
    await session.abortTransaction().catch(() => undefined);
    await session.endSession();
    expect(await rows().countDocuments()).toBe(0);
  });

  const unsupportedCommands: Record<string, object> = {
    $where: { find: 'rows', filter: { $where: 'true' } },
    $text: { find: 'rows', filter: { $text: { $search: 'x' } } },
    $near: { find: 'rows', filter: { at: { $near: [0, 0] } } },
    $jsonSchema: { find: 'rows', filter: { $jsonSchema: {} } },
    $function: {
      aggregate: 'rows',
      pipeline: [{ $project: { a: { $function: { body: '', args: [], lang: 'js' } } } }],
      cursor: {},
    },
    $graphLookup: { aggregate: 'rows', pipeline: [{ $graphLookup: {} }], cursor: {} },
    $setWindowFields: { aggregate: 'rows', pipeline: [{ $setWindowFields: {} }], cursor: {} },
    $changeStream: { aggregate: 'rows', pipeline: [{ $changeStream: {} }], cursor: {} },
    mapReduce: { mapReduce: 'rows', map: '', reduce: '', out: { inline: 1 } },
    'a capped collection': { create: 'small', capped: true, size: 4096 },
    'a view': { create: 'view', viewOn: 'rows', pipeline: [] },
    'a text index': { createIndexes: 'rows', indexes: [{ key: { a: 'text' }, name: 'a_text' }] },
  };

  it.each(Object.entries(unsupportedCommands))('%s is rejected, naming the way out', async (_, command) => {
    await rows().insertOne({ _id: 1 });
    const error = await errorOf(run(command));
    expect(error?.code).toBeGreaterThan(0);
    expect(error.message).toContain('MONGODB_URI');
  });
});

describe('(8.7) fail points', () => {
  const setFailPoint = (data: object, mode: unknown = { times: 1 }): Promise<unknown> =>
    client.db('admin').command({ configureFailPoint: 'failCommand', mode, data });
  const upsert = () => rows().updateOne({ _id: 1 }, { $inc: { n: 1 } }, { upsert: true });

  it('force 11000 on an upsert, once', async () => {
    await setFailPoint({ failCommands: ['update'], errorCode: 11000 });
    expect(await errorOf(upsert())).toMatchObject({ code: 11000 });
    expect(await rows().countDocuments()).toBe(0);
    await upsert();
    expect(await rows().findOne()).toEqual({ _id: 1, n: 1 });
  });

  it('close the connection before or after the command takes effect', async () => {
    await setFailPoint({ failCommands: ['update'], closeConnection: true });
    expect(await errorOf(upsert())).toBeInstanceOf(MongoNetworkError);
    expect(await rows().findOne()).toBeNull();
    await setFailPoint({ failCommands: ['update'], closeConnection: true, afterEffect: true });
    expect(await errorOf(upsert())).toBeInstanceOf(MongoNetworkError);
    expect(await rows().findOne()).toEqual({ _id: 1, n: 1 });
  });

  it('report a missing primary, and a write concern that was not met', async () => {
    await setFailPoint({ failCommands: ['update'], errorCode: 10107, errorLabels: ['RetryableWriteError'] });
    const error = await errorOf(upsert());
    expect([error.code, error.hasErrorLabel('RetryableWriteError')]).toEqual([10107, true]);
    await setFailPoint({ failCommands: ['update'], writeConcernError: { code: 64, errmsg: 'waiting timed out' } });
    expect(await errorOf(upsert())).toMatchObject({ code: 64 });
    expect(await rows().findOne()).toEqual({ _id: 1, n: 1 });
  });

  it('apply to one namespace only, after a number of commands, until they are switched off', async () => {
    await setFailPoint({ failCommands: ['find'], errorCode: 91, namespace: 'test.others' }, 'alwaysOn');
    expect(await rows().findOne()).toBeNull();
    expect(await errorOf(client.db().collection('others').findOne())).toMatchObject({ code: 91 });
    await setFailPoint({ failCommands: ['find'], errorCode: 91 }, { skip: 2 });
    expect(await rows().findOne()).toBeNull();
    expect(await rows().findOne()).toBeNull();
    expect(await errorOf(rows().findOne())).toMatchObject({ code: 91 });
    await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    expect(await rows().findOne()).toBeNull();
  });

  it('delay a command', async () => {
    await setFailPoint({ failCommands: ['find'], blockConnection: true, blockTimeMS: 300 });
    const began = performance.now();
    await rows().findOne();
    expect(performance.now() - began).toBeGreaterThan(250);
  });

  it('do not exist without test commands', async () => {
    const store = await startEmbeddedStore({ path: join(temporaryFolder(), 'data') });
    onTestFinished(() => store.stop());
    client = await connectTo(store);
    expect(await errorOf(setFailPoint({ failCommands: ['find'], errorCode: 91 }))).toMatchObject({ code: 59 });
  });
});

describe('(8.7) the memory limit of a stage', () => {
  const many = [{ $set: { at: { $range: [0, 50] } } }, { $unwind: '$at' }];
  const cases: [name: string, code: number, stage: object][] = [
    ['$push', 146, { $group: { _id: null, all: { $push: '$text' } } }],
    ['$addToSet', 146, { $group: { _id: null, all: { $addToSet: { at: '$at', text: '$text' } } } }],
    ['$group', 292, { $group: { _id: { at: '$at', text: '$text' } } }],
    ['$sort', 292, { $sort: { at: -1 } }],
    ['$facet', 4031700, { $facet: { all: [] } }],
    ['$lookup', 4568, { $lookup: { from: 'rows', pipeline: many, as: 'all' } }],
  ];

  it.each(cases)('%s fails with %i beyond 100 MB, and the store keeps working', async (_name, code, stage) => {
    await rows().insertOne({ _id: 1, text: 'x'.repeat(3_000_000) });
    const pipeline = [...(code === 4568 ? [] : many), stage];
    await expect(rows().aggregate(pipeline).toArray()).rejects.toMatchObject({ code });
    expect(await rows().countDocuments()).toBe(1);
  });
});
