/** For random documents, queries and indexes, an index returns what a scan returns. (8.5) */
import fc from 'fast-check';
import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectTo, openStore } from './support/store.js';
import type { Client } from './support/store.js';

const { BSON } = mongoose.mongo;
const runs = Number(process.env['EMBEDDED_MONGO_RUNS'] ?? 120);
const queriesPerRun = 12;

type Doc = Record<string, unknown>;
type Row = mongoose.mongo.Document & { _id: number };

const long = (value: number): unknown => BSON.Long.fromNumber(value);
const decimal = (value: string): unknown => BSON.Decimal128.fromString(value);

/** A few values of many types, so that queries find documents; some are equal numbers of different types. */
const scalar = fc.constantFrom<unknown>(
  ...[null, true, false, -1, 0, 1, 2, 1.5, NaN, long(1), long(3), decimal('1'), decimal('2.5'), Infinity],
  ...['', 'a', 'ab', 'abc', 'b', 'é', '😀', '\uff01', new Date(0), new Date(1_000)],
  ...[new BSON.ObjectId('0'.repeat(24)), { x: 1 }, { x: 1, y: 'a' }, { y: 'a', x: 1 }, /^a/],
);
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }) },
);
const nested = fc.oneof(
  value,
  fc.record({ e: value }, { requiredKeys: [] }),
  fc.array(fc.record({ e: scalar, f: scalar }, { requiredKeys: [] }), { maxLength: 3 }),
);
const document = fc.record({ a: value, b: value, c: scalar, d: nested, p: fc.boolean() }, { requiredKeys: [] });

const field = fc.constantFrom('a', 'b', 'c', 'd', 'd.e', 'd.f', 'p');
const bound = scalar.filter((one) => !(one instanceof RegExp));
const condition: fc.Arbitrary<unknown> = fc.oneof(
  bound,
  fc.record({ $in: fc.array(bound, { maxLength: 4 }) }),
  fc.record({ $nin: fc.array(bound, { maxLength: 2 }) }),
  ...['$eq', '$ne', '$gt', '$gte', '$lt', '$lte'].map((name) => bound.map((one) => ({ [name]: one }))),
  fc.tuple(bound, bound).map(([from, to]) => ({ $gte: from, $lt: to })),
  fc.boolean().map(($exists) => ({ $exists })),
  fc.constantFrom(/^a/, /^ab/, /b/, /^$/),
  bound.map((one) => ({ $not: { $gt: one } })),
  fc.tuple(bound, bound).map(([from, to]) => ({ $elemMatch: { $gte: from, $lte: to } })),
  bound.map((e) => ({ $elemMatch: { e } })),
  fc.nat(3).map(($size) => ({ $size })),
);
const conjunct = fc.tuple(field, condition).map(([name, one]): Doc => ({ [name]: one }));
const filter: fc.Arbitrary<Doc> = fc.oneof(
  { weight: 3, arbitrary: conjunct },
  { weight: 3, arbitrary: fc.array(conjunct, { minLength: 2, maxLength: 3 }).map(($and) => ({ $and })) },
  { weight: 1, arbitrary: fc.array(conjunct, { minLength: 1, maxLength: 3 }).map(($or) => ({ $or })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(conjunct, fc.array(conjunct, { minLength: 2, maxLength: 2 }))
      .map(([one, $or]) => ({ ...one, $or })),
  },
  { weight: 1, arbitrary: conjunct.map((one) => ({ ...one, p: true })) },
);
const direction = fc.constantFrom<1 | -1>(1, -1);
const sort = fc.oneof(
  fc.constant<Record<string, 1 | -1>>({ _id: 1 }),
  fc.tuple(fc.constantFrom('a', 'b', 'c', 'd.e'), direction).map(([name, by]) => ({ [name]: by, _id: 1 as const })),
  fc.tuple(direction, direction).map(([a, c]) => ({ a, c, _id: 1 as const })),
);
const query = fc.record({
  filter,
  sort,
  skip: fc.constantFrom(0, 0, 0, 3),
  limit: fc.constantFrom(0, 0, 1, 5),
  hint: fc.constantFrom(undefined, undefined, 'a_1', 'b_-1', 'c_1', 'd_1', 'd.e_1', 'a_1_c_-1', 'd.e_1_d.f_-1'),
});

const indexes = [
  { key: { a: 1 } },
  { key: { b: -1 } },
  { key: { c: 1 } },
  { key: { d: 1 } },
  { key: { 'd.e': 1 } },
  { key: { a: 1, c: -1 } },
  { key: { 'd.e': 1, 'd.f': -1 } },
  { key: { b: 1, p: 1 }, name: 'partial', partialFilterExpression: { p: true } },
  { key: { c: -1, b: 1 }, name: 'sparse', sparse: true },
] as { key: Record<string, 1 | -1>; name?: string }[];

const typed = (found: unknown): string => BSON.EJSON.stringify(found, { relaxed: false });

let collections = 0;

async function expectEqual(
  client: Client,
  documents: readonly Doc[],
  queries: readonly mongoose.mongo.Document[],
): Promise<void> {
  const name = `c${++collections}`;
  const db = client.db();
  const [indexed, plain] = [db.collection<Row>(name), db.collection<Row>(`${name}_plain`)];
  await indexed.createIndexes(indexes);
  const rows = documents.map((one, _id) => ({ _id, ...one }));
  for (const collection of [indexed, plain]) await collection.insertMany(rows);
  for (const { filter: by, hint, ...options } of queries) {
    const scanned = await plain.find(by, options).toArray();
    const found = await indexed.find(by, hint === undefined ? options : { ...options, hint }).toArray();
    expect(typed(found), `${typed(by)} ${JSON.stringify({ hint, ...options })}`).toBe(typed(scanned));
    const counted = await indexed.countDocuments(by, hint === undefined ? {} : { hint });
    expect(Number(counted)).toBe(Number(await plain.countDocuments(by)));
  }
  await indexed.drop();
  await plain.drop();
}

it(
  `(8.5) ${runs * queriesPerRun} random finds by index return what a scan returns`,
  async () => {
    const client = await connectTo(await openStore(), { promoteValues: false, bsonRegExp: true });
    const documents = fc.array(document, { minLength: 1, maxLength: 40 });
    const queries = fc.array(query, { minLength: queriesPerRun, maxLength: queriesPerRun });
    await fc.assert(
      fc.asyncProperty(documents, queries, (rows, finds) => expectEqual(client, rows, finds)),
      { numRuns: runs },
    );
  },
  60_000 + runs * 500,
);
