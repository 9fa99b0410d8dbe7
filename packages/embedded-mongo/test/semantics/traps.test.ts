/** What engines like this one get wrong, each with a test of its own. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Case, Document } from '../corpus/case.js';
import { openTarget, runCase, type Target } from '../corpus/run-case.js';
import { binary, date, decimal, double, id, long, maxKey, minKey, regex } from '../corpus/values.js';

let target: Target;
let count = 0;
beforeAll(async () => {
  target = await openTarget('traps');
});
afterAll(async () => {
  await target.close();
});

const holds = (name: string, test: Omit<Case, 'name' | 'page'>): void => {
  it(name, () => runCase(target, { name, page: 'operator', ...test }, `trap_${++count}`));
};
const finds = (name: string, docs: readonly Document[], filter: Document, ids: readonly number[]): void =>
  holds(name, { docs, run: { find: 'c', filter }, ids });
const gives = (
  name: string,
  docs: readonly Document[],
  pipeline: readonly Document[],
  result: readonly Document[],
): void => holds(name, { docs, run: { aggregate: 'c', pipeline, cursor: {} }, gives: result });
const fails = (name: string, docs: readonly Document[], pipeline: readonly Document[], code: number): void =>
  holds(name, { docs, run: { aggregate: 'c', pipeline, cursor: {} }, code });
const becomes = (name: string, before: Document, u: unknown, after: Document, q: Document = {}): void =>
  holds(name, { docs: [before], run: { update: 'c', updates: [{ q, u }] }, after: [{ _id: 1, ...after }] });
const refuses = (name: string, before: Document, u: unknown, code: number, q: Document = {}): void =>
  holds(name, { docs: [before], run: { update: 'c', updates: [{ q, u }] }, code });

describe('(8.6) traps: queries', () => {
  finds(
    'a range sees longs and decimals',
    [{ v: long(1) }, { v: decimal('1') }, { v: 1 }],
    { v: { $gt: 0 } },
    [1, 2, 3],
  );
  finds('1 equals a decimal 1', [{ v: decimal('1') }], { v: 1 }, [1]);
  finds('$gte null has absent fields', [{}, { v: null }, { v: 1 }], { v: { $gte: null } }, [1, 2]);
  finds('$expr tells null from missing', [{}, { v: null }], { $expr: { $eq: ['$v', null] } }, [2]);
  finds('$expr does not look into arrays', [{ v: [1] }, { v: 1 }], { $expr: { $eq: ['$v', 1] } }, [2]);
  finds(
    '$elemMatch of a field does not match a scalar element',
    [{ a: [1] }, { a: [{ b: 1 }] }],
    { a: { $elemMatch: { b: 1 } } },
    [2],
  );
  finds('$all matches a scalar', [{ v: 1 }], { v: { $all: [1] } }, [1]);
  finds('$size on a dotted path through an array', [{ a: [{ l: [1] }, { l: [] }] }], { 'a.l': { $size: 1 } }, [1]);
  finds(
    '$exists on a dotted path through an array',
    [{ a: [{ b: 1 }, {}] }, { a: [{}] }],
    { 'a.b': { $exists: true } },
    [1],
  );
  finds('$type objectId', [{ v: id('1') }], { v: { $type: 'objectId' } }, [1]);
  finds('$type binData', [{ v: binary('x') }], { v: { $type: 'binData' } }, [1]);
  finds('$type minKey', [{ v: minKey }], { v: { $type: 'minKey' } }, [1]);
  finds('$type looks into arrays', [{ v: ['x'] }], { v: { $type: 'string' } }, [1]);
  finds('NaN is in no range', [{ v: NaN }], { v: { $lt: 5 } }, []);
  finds('fields of an embedded document have an order', [{ v: { a: 1, b: 2 } }], { v: { b: 2, a: 1 } }, []);
  finds('elements of an array have an order', [{ v: [1, 2] }], { v: [2, 1] }, []);
  finds('a stored regular expression is found by its like', [{ v: regex('^x') }], { v: regex('^x') }, [1]);
  finds('a pattern that JavaScript has not is no reason to fail', [{ v: regex('a++b') }, { n: 1 }], { n: 1 }, [2]);
  finds('a pattern matches strings', [{ v: 'abc' }], { v: regex('b') }, [1]);
  finds('$eq of a pattern does not', [{ v: 'abc' }, { v: regex('b') }], { v: { $eq: regex('b') } }, [2]);
  finds('a position does not look into the array there', [{ v: [[1, 2]] }], { 'v.0': 1 }, []);
  finds('$elemMatch $eq does not look into inner arrays', [{ v: [[1, 2]] }], { v: { $elemMatch: { $eq: 1 } } }, []);
  finds('a dotted null', [{ a: 1 }, { a: [1] }, { a: [] }, { a: [{}] }], { 'a.b': null }, [1, 4]);
  for (const op of ['$ne', '$gt']) {
    holds(`${op} takes no pattern`, { docs: [{}], run: { find: 'c', filter: { v: { [op]: regex('x') } } }, code: 2 });
  }
  finds('a pattern works on code points', [{ v: '😀' }], { v: regex('^.$') }, [1]);
  finds('a pattern with a flag inside', [{ v: 'ABC' }], { v: regex('(?i)abc') }, [1]);
  finds('a pattern with the flag x', [{ v: 'abc' }], { v: regex('a b c # all', 'x') }, [1]);
});

describe('(8.6) traps: order', () => {
  const all = [
    maxKey,
    regex('a'),
    date('2024-01-01'),
    true,
    id('1'),
    binary('x'),
    [[1]],
    { a: 1 },
    'a',
    1,
    null,
    [],
    minKey,
  ];
  holds('types in MongoDB’s order', {
    docs: all.map((v) => ({ v })),
    run: { find: 'c', sort: { v: 1 }, projection: { _id: 1 } },
    gives: all.map((_, at) => ({ _id: all.length - at })),
  });
  holds('null and missing are one', {
    docs: [{ v: null }, {}, { v: null }],
    run: { find: 'c', sort: { v: 1, _id: -1 }, projection: { _id: 1 } },
    gives: [{ _id: 3 }, { _id: 2 }, { _id: 1 }],
  });
  for (const indexes of [[], [{ key: { v: 1 }, name: 'v' }]]) {
    holds(`strings by their UTF-8 bytes${indexes.length ? ', by an index' : ''}`, {
      docs: [{ v: '😀' }, { v: '\uff01' }],
      indexes,
      run: { find: 'c', sort: { v: 1 }, projection: { _id: 1 } },
      gives: [{ _id: 2 }, { _id: 1 }],
    });
  }
});

describe('(8.6) traps: updates', () => {
  refuses('$inc of a string', { a: 'x' }, { $inc: { a: 1 } }, 14);
  refuses('$push to a number', { a: 1 }, { $push: { a: 1 } }, 2);
  refuses('$set through a scalar', { a: 1 }, { $set: { 'a.b': 1 } }, 28);
  becomes('$set of the same _id', {}, { $set: { _id: 1, a: 1 } }, { a: 1 });
  becomes(
    'two positional paths under one array',
    { a: [{ x: 1 }] },
    { $set: { 'a.$.x': 2, 'a.$.y': 3 } },
    { a: [{ x: 2, y: 3 }] },
    { 'a.x': 1 },
  );
  becomes(
    '$ with more than one path in the query',
    { a: [1, 2], b: 1 },
    { $set: { 'a.$': 9 } },
    { a: [1, 9], b: 1 },
    { b: 1, a: 2 },
  );
  becomes(
    '$ comes from the last array that matched',
    { a: [1, 2], b: [3, 4, 5] },
    { $set: { 'a.$': 9 } },
    { a: [9, 2], b: [3, 4, 5] },
    { a: 2, b: 3 },
  );
  holds('$setOnInsert', {
    run: { update: 'c', updates: [{ q: { _id: 1 }, u: { $setOnInsert: { a: 1 } }, upsert: true }] },
    after: [{ _id: 1, a: 1 }],
  });
  becomes('$set adds fields in the order of their names', {}, { $set: { b: 1, a: 2 } }, { a: 2, b: 1 });
  becomes('a replacement keeps _id, first', { a: 1 }, { z: 1 }, { z: 1 });
  becomes('a pipeline keeps _id', { a: { b: 1 } }, [{ $replaceWith: '$a' }], { b: 1 });
  holds('an update of many sees each document once', {
    docs: [{ n: 1 }, { n: 2 }],
    indexes: [{ key: { n: 1 }, name: 'n' }],
    run: { update: 'c', updates: [{ q: { n: { $gt: 0 } }, u: { $inc: { n: 10 } }, multi: true }] },
    after: [
      { _id: 1, n: 11 },
      { _id: 2, n: 12 },
    ],
  });
  becomes(
    'other fields keep their numeric types',
    { a: double(1), b: long(2), c: 3 },
    { $inc: { c: 1 } },
    { a: double(1), b: long(2), c: 4 },
  );
});

describe('(8.6) traps: aggregation', () => {
  gives(
    '$set goes into every element',
    [{ l: [{ x: 1 }, { x: 2 }] }],
    [{ $set: { 'l.x': 0 } }],
    [{ _id: 1, l: [{ x: 0 }, { x: 0 }] }],
  );
  gives('$count of nothing is no document', [{}], [{ $match: { a: 1 } }, { $count: 'n' }], []);
  gives(
    '$push of missing adds nothing',
    [{}, { v: 1 }],
    [{ $group: { _id: null, l: { $push: '$v' } } }],
    [{ _id: null, l: [1] }],
  );
  gives('$type says objectId', [{ v: id('1') }], [{ $project: { _id: 0, t: { $type: '$v' } } }], [{ t: 'objectId' }]);
  gives('$toObjectId', [{}], [{ $project: { _id: { $toObjectId: '000000000000000000000001' } } }], [{ _id: id('1') }]);
  fails('$size of missing is an error', [{}], [{ $project: { n: { $size: '$x' } } }], 17124);
  gives('$toLower of null is empty', [{ v: null }], [{ $project: { _id: 0, t: { $toLower: '$v' } } }], [{ t: '' }]);
  gives('a position is no path of an expression', [{ a: [1] }], [{ $project: { _id: 0, v: '$a.0' } }], [{ v: [] }]);
  holds('_id comes first', {
    docs: [{ b: 1 }],
    run: {
      aggregate: 'c',
      pipeline: [{ $project: { b: 1 } }, { $project: { l: { $objectToArray: '$$ROOT' }, _id: 0 } }],
      cursor: {},
    },
    gives: [
      {
        l: [
          { k: '_id', v: 1 },
          { k: 'b', v: 1 },
        ],
      },
    ],
  });
  fails('$bucket is refused, not answered wrongly', [{}], [{ $bucket: { groupBy: '$a', boundaries: [0, 1] } }], 40324);
  fails('$setWindowFields is refused', [{}], [{ $setWindowFields: { output: {} } }], 40324);
  fails('a change stream is refused', [{}], [{ $changeStream: {} }], 40573);
});

describe('(8.6) traps: indexes', () => {
  const sparse = { key: { a: 1, b: 1 }, name: 'ab', unique: true, sparse: true };
  holds('a compound sparse unique index has what has any field', {
    docs: [{ a: 1 }],
    indexes: [sparse],
    run: { insert: 'c', documents: [{ _id: 2, a: 1 }] },
    code: 11000,
  });
  holds('a partial unique index lets absent fields be', {
    docs: [{ a: 1 }],
    indexes: [{ key: { a: 1, b: 1 }, name: 'ab', unique: true, partialFilterExpression: { b: { $exists: true } } }],
    run: { insert: 'c', documents: [{ _id: 2, a: 1 }] },
    reply: { n: 1 },
  });
  holds('parallel arrays are refused', {
    indexes: [{ key: { a: 1, b: 1 }, name: 'ab' }],
    run: { insert: 'c', documents: [{ _id: 1, a: [1], b: [2] }] },
    code: 171,
  });
  it.skipIf(process.env['MONGODB_URI'])('a key that is too long is refused', async () => {
    const indexes = [{ key: { a: 1 }, name: 'a' }];
    const run = { insert: 'c', documents: [{ _id: 1, a: 'x'.repeat(3000) }] };
    await runCase(target, { name: 'long', page: 'limits', indexes, run, code: 17280 }, `trap_${++count}`);
  });
  holds('an empty array is not null in an index', {
    docs: [{ a: [] }],
    indexes: [{ key: { a: 1 }, name: 'a', unique: true }],
    run: { insert: 'c', documents: [{ _id: 2, a: null }] },
    reply: { n: 1 },
  });
  holds('fields under one array go in step', {
    docs: [
      {
        l: [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      },
    ],
    indexes: [{ key: { 'l.a': 1, 'l.b': 1 }, name: 'ab', unique: true }],
    run: { insert: 'c', documents: [{ _id: 2, l: [{ a: 1, b: 4 }] }] },
    reply: { n: 1 },
  });
  holds('11000 tells key and value', {
    docs: [{ a: 1 }],
    indexes: [{ key: { a: 1 }, name: 'a', unique: true }],
    run: { insert: 'c', documents: [{ _id: 2, a: 1 }] },
    code: 11000,
    reply: { 'writeErrors.0.keyPattern': { a: 1 }, 'writeErrors.0.keyValue': { a: 1 } },
  });
  it.skipIf(process.env['MONGODB_URI'])('a collation is refused', async () => {
    const run = { find: 'c', collation: { locale: 'en' } };
    await runCase(target, { name: 'collation', page: 'collation', docs: [{}], run, code: 115 }, `trap_${++count}`);
  });
});
