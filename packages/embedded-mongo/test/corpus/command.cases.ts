import type { Case, Document } from './case.js';
import { binary, date, decimal, double, id, long, maxKey, minKey, regex, timestamp } from './values.js';

const sorts = (
  rows: readonly (readonly [
    name: string,
    docs: readonly Document[],
    sort: Document,
    ids: readonly number[] | number,
    page?: string,
  ])[],
): Case[] =>
  rows.flatMap(([name, docs, sort, expected, page = 'bson-type-comparison-order']) => {
    const run = {
      find: 'c',
      sort: { ...sort, ...(Object.keys(sort).includes('_id') ? {} : { _id: 1 }) },
      projection: { _id: 1 },
    };
    const what = typeof expected === 'number' ? { code: expected } : { gives: expected.map((_id) => ({ _id })) };
    const test: Case = { name, page, docs, run, ...what };
    const key = Object.fromEntries(Object.entries(run.sort));
    return typeof expected === 'number'
      ? [test]
      : [test, { ...test, name: `${name}, by an index`, indexes: [{ key, name: 'sort' }] }];
  });

const everyType = [
  { v: maxKey },
  { v: regex('a') },
  { v: timestamp(5) },
  { v: date('2024-01-01') },
  { v: true },
  { v: id('1') },
  { v: binary('x') },
  { v: [[1]] },
  { v: { a: 1 } },
  { v: 'a' },
  { v: 1 },
  { v: null },
  { v: minKey },
].map((doc, at) => ({ _id: at + 1, ...doc }));

const order = sorts([
  ['all types in order', everyType, { v: 1 }, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
  ['all types in reverse', everyType, { v: -1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]],
  [
    'numbers by value whatever the type',
    [{ v: 3 }, { v: long(1) }, { v: 2.5 }, { v: decimal('0.5') }, { v: double(2) }],
    { v: 1 },
    [4, 2, 5, 3, 1],
  ],
  ['NaN below all numbers', [{ v: 0 }, { v: NaN }, { v: -Infinity }], { v: 1 }, [2, 3, 1]],
  [
    'large longs exactly',
    [{ v: long('9007199254740993') }, { v: long('9007199254740992') }, { v: double(9007199254740992) }],
    { v: 1 },
    [2, 3, 1],
  ],
  ['null and missing are equal', [{ v: 1 }, {}, { v: null }], { v: 1 }, [2, 3, 1]],
  ['an empty array below null', [{ v: null }, { v: [] }, {}], { v: 1 }, [2, 1, 3]],
  [
    'an array by its smallest when ascending',
    [{ v: [5, 1] }, { v: 2 }, { v: [3, 0] }],
    { v: 1 },
    [3, 1, 2],
    'method/cursor.sort',
  ],
  [
    'an array by its largest when descending',
    [{ v: [5, 1] }, { v: 2 }, { v: [3, 0] }],
    { v: -1 },
    [1, 3, 2],
    'method/cursor.sort',
  ],
  ['strings by their bytes', [{ v: 'b' }, { v: 'B' }, { v: 'é' }, { v: '' }], { v: 1 }, [4, 2, 1, 3]],
  ['a dotted path', [{ a: { b: 2 } }, { a: { b: 1 } }, { a: 1 }], { 'a.b': 1 }, [3, 2, 1], 'method/cursor.sort'],
  [
    'two fields',
    [
      { a: 1, b: 1 },
      { a: 1, b: 2 },
      { a: 0, b: 1 },
    ],
    { a: 1, b: -1 },
    [3, 2, 1],
    'method/cursor.sort',
  ],
  [
    'embedded documents field by field',
    [{ v: { a: 2 } }, { v: { a: 1, b: 1 } }, { v: { a: 1 } }, { v: { b: 0 } }],
    { v: 1 },
    [3, 2, 1, 4],
  ],
  ['false before true', [{ v: true }, { v: false }], { v: 1 }, [2, 1]],
  ['binary data by length first', [{ v: binary('b') }, { v: binary('aa') }, { v: binary('a') }], { v: 1 }, [3, 1, 2]],
  ['a sort by 0', [{ v: 1 }], { v: 0 }, 15975, 'method/cursor.sort'],
]).map((test) => (test.code === 15975 ? { ...test, code: [15975, 2] } : test));

const doc = {
  a: 1,
  b: { c: 1, d: 2 },
  l: [1, 2, 3, 4],
  m: [
    { x: 1, y: 1 },
    { x: 2, y: 2 },
  ],
};
const projections = (
  [
    ['inclusion', { a: 1 }, { _id: 1, a: 1 }],
    ['exclusion', { b: 0, l: 0, m: 0 }, { _id: 1, a: 1 }],
    ['without _id', { _id: 0, a: 1 }, { a: 1 }],
    ['_id alone', { _id: 1 }, { _id: 1 }],
    ['a dotted path', { _id: 0, 'b.c': 1 }, { b: { c: 1 } }],
    ['a dotted path in an array', { _id: 0, 'm.x': 1 }, { m: [{ x: 1 }, { x: 2 }] }],
    ['a dotted exclusion', { _id: 0, a: 0, l: 0, m: 0, 'b.c': 0 }, { b: { d: 2 } }],
    ['$slice', { _id: 0, a: 0, b: 0, m: 0, l: { $slice: 2 } }, { l: [1, 2] }, 'operator/projection/slice'],
    ['$slice from the end', { _id: 0, a: 0, b: 0, m: 0, l: { $slice: -1 } }, { l: [4] }, 'operator/projection/slice'],
    [
      '$slice from a place',
      { _id: 0, a: 0, b: 0, m: 0, l: { $slice: [1, 2] } },
      { l: [2, 3] },
      'operator/projection/slice',
    ],
    ['$elemMatch', { _id: 0, m: { $elemMatch: { x: 2 } } }, { m: [{ x: 2, y: 2 }] }, 'operator/projection/elemMatch'],
    ['$elemMatch of nothing', { _id: 0, m: { $elemMatch: { x: 9 } } }, {}, 'operator/projection/elemMatch'],
    ['an expression', { _id: 0, n: { $add: ['$a', 1] } }, { n: 2 }],
    ['a field by another name', { _id: 0, n: '$b.c' }, { n: 1 }],
    ['mixed', { a: 1, b: 0 }, 31254],
    ['mixed the other way', { a: 0, b: 1 }, 31253],
    ['$elemMatch on a dotted path', { 'b.c': { $elemMatch: { x: 1 } } }, 31275, 'operator/projection/elemMatch'],
    ['two paths that collide', { b: 1, 'b.c': 1 }, [31249, 31250]],
  ] as const
).map(([name, projection, expected, page = 'method/db.collection.find']): Case => {
  const fails = typeof expected === 'number' || Array.isArray(expected);
  const what = fails ? { code: expected as number | number[] } : { gives: [expected as Document] };
  return { name: `a projection: ${name}`, page, docs: [doc], run: { find: 'c', projection }, ...what };
});

const positionalProjection: Case = {
  name: 'a projection: the element that matched',
  page: 'operator/projection/positional',
  docs: [doc],
  run: { find: 'c', filter: { 'm.x': 2 }, projection: { _id: 0, 'm.$': 1 } },
  gives: [{ m: [{ x: 2, y: 2 }] }],
};

const five = [1, 2, 3, 4, 5].map((n) => ({ n }));
const page = 'command/find';
const finding: Case[] = [
  {
    name: 'skip and limit',
    page,
    docs: five,
    run: { find: 'c', sort: { n: 1 }, skip: 1, limit: 2, projection: { _id: 1 } },
    gives: [{ _id: 2 }, { _id: 3 }],
  },
  { name: 'limit 0 is no limit', page, docs: five, run: { find: 'c', limit: 0 }, ids: [1, 2, 3, 4, 5] },
  {
    name: 'batches',
    page,
    docs: five,
    run: { find: 'c', sort: { n: 1 }, batchSize: 2, projection: { _id: 1 } },
    gives: [1, 2, 3, 4, 5].map((_id) => ({ _id })),
  },
  { name: 'a first batch of none', page, docs: five, run: { find: 'c', batchSize: 0 }, ids: [1, 2, 3, 4, 5] },
  {
    name: 'a single batch',
    page,
    docs: five,
    run: { find: 'c', limit: 2, singleBatch: true, sort: { n: 1 }, projection: { _id: 1 } },
    gives: [{ _id: 1 }, { _id: 2 }],
  },
  {
    name: 'batches of a pipeline',
    page: 'command/aggregate',
    docs: five,
    run: { aggregate: 'c', pipeline: [{ $sort: { n: 1 } }, { $project: { _id: 1 } }], cursor: { batchSize: 2 } },
    gives: [1, 2, 3, 4, 5].map((_id) => ({ _id })),
  },
  { name: 'a collection that is not there', page, run: { find: 'c' }, gives: [] },
  {
    name: 'let in a filter',
    page,
    docs: five,
    run: { find: 'c', filter: { $expr: { $gt: ['$n', '$$m'] } }, let: { m: 3 } },
    ids: [4, 5],
  },
  {
    name: 'let in a pipeline',
    page: 'command/aggregate',
    docs: five,
    run: { aggregate: 'c', pipeline: [{ $match: { $expr: { $eq: ['$n', '$$m'] } } }], cursor: {}, let: { m: 3 } },
    ids: [3],
  },
  {
    name: 'a hint by name',
    page,
    docs: five,
    indexes: [{ key: { n: 1 }, name: 'by_n' }],
    run: { find: 'c', filter: { n: { $gt: 3 } }, hint: 'by_n' },
    ids: [4, 5],
  },
  {
    name: 'a hint by key in a pipeline',
    page: 'command/aggregate',
    docs: five,
    indexes: [{ key: { n: 1 }, name: 'by_n' }],
    run: { aggregate: 'c', pipeline: [{ $match: { n: 3 } }], cursor: {}, hint: { n: 1 } },
    ids: [3],
  },
  { name: 'a hint that names no index', page, docs: five, run: { find: 'c', hint: 'nope' }, code: 2 },
  { name: 'a limit below zero', page, docs: five, run: { find: 'c', limit: -1 }, code: 51024 },
  { name: 'a filter that is no document', page, docs: five, run: { find: 'c', filter: 1 }, code: [9, 14] },
  {
    name: 'a pipeline without a cursor',
    page: 'command/aggregate',
    docs: five,
    run: { aggregate: 'c', pipeline: [] },
    code: 9,
  },
  {
    name: 'a cursor that is not open',
    page: 'command/getMore',
    docs: five,
    run: { getMore: long(123456), collection: 'c' },
    code: 43,
  },
  {
    name: 'count',
    page: 'command/count',
    docs: five,
    run: { count: 'c', query: { n: { $gt: 1 } }, skip: 1, limit: 2 },
    reply: { n: 2 },
  },
  { name: 'count of all', page: 'command/count', docs: five, run: { count: 'c' }, reply: { n: 5 } },
  {
    name: 'distinct looks into arrays',
    page: 'command/distinct',
    docs: [{ v: [1, 2] }, { v: 2 }, { v: null }, {}],
    run: { distinct: 'c', key: 'v' },
    reply: { values: [null, 1, 2] },
  },
  {
    name: 'distinct with a query on a dotted path',
    page: 'command/distinct',
    docs: [
      { a: { b: 'x' }, n: 1 },
      { a: { b: 'y' }, n: 2 },
    ],
    run: { distinct: 'c', key: 'a.b', query: { n: 2 } },
    reply: { values: ['y'] },
  },
  { name: 'an unknown command', page: 'command', run: { nopeCommand: 1 }, code: 59 },
];

export const COMMAND_CASES = [...order, ...projections, positionalProjection, ...finding];
