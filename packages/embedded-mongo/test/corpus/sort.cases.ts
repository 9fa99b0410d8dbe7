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

export const sortCases = sorts([
  ['all types in order', everyType, { v: 1 }, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
  ['all types in reverse order', everyType, { v: -1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]],
  [
    'numbers by value, whatever the type',
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
    'an array by its smallest element in ascending order',
    [{ v: [5, 1] }, { v: 2 }, { v: [3, 0] }],
    { v: 1 },
    [3, 1, 2],
    'method/cursor.sort',
  ],
  [
    'an array by its largest element in descending order',
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
