import { fails, pipelines } from './case.js';
import { double, long } from './values.js';

const sales = [
  { k: 'a', n: 1, t: [1, 2] },
  { k: 'b', n: 2, t: [] },
  { k: 'a', n: 3 },
  { k: null, n: 4, t: null },
  { n: 5, t: 7 },
];
const byId = { $sort: { _id: 1 } };

const group = [
  ...pipelines('group', sales, [
    [
      '$group treats null and missing alike',
      [{ $group: { _id: '$k', n: { $sum: '$n' } } }, byId],
      [
        { _id: null, n: 9 },
        { _id: 'a', n: 4 },
        { _id: 'b', n: 2 },
      ],
    ],
    ['$group of all documents', [{ $group: { _id: null, n: { $sum: 1 } } }], [{ _id: null, n: 5 }]],
    ['$group of no documents', [{ $match: { k: 'z' } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
    [
      '$group by an expression',
      [{ $group: { _id: { odd: { $mod: ['$n', 2] } }, n: { $count: {} } } }, byId],
      [
        { _id: { odd: 0 }, n: 2 },
        { _id: { odd: 1 }, n: 3 },
      ],
    ],
    [
      '$avg',
      [{ $group: { _id: null, r: { $avg: '$n' } } }],
      [{ _id: null, r: double(3) }],
      { page: 'operator/aggregation/avg' },
    ],
    [
      '$avg without numbers',
      [{ $group: { _id: null, r: { $avg: '$k' } } }],
      [{ _id: null, r: null }],
      { page: 'operator/aggregation/avg' },
    ],
    [
      '$sum ignores non-numeric values',
      [{ $group: { _id: null, r: { $sum: '$k' } } }],
      [{ _id: null, r: 0 }],
      { page: 'operator/aggregation/sum' },
    ],
    [
      '$max and $min',
      [{ $group: { _id: null, x: { $max: '$n' }, y: { $min: '$n' } } }],
      [{ _id: null, x: 5, y: 1 }],
      { page: 'operator/aggregation/max' },
    ],
    [
      '$min ignores null',
      [{ $group: { _id: null, r: { $min: '$k' } } }],
      [{ _id: null, r: 'a' }],
      { page: 'operator/aggregation/min' },
    ],
    [
      '$first and $last',
      [{ $sort: { n: 1 } }, { $group: { _id: null, x: { $first: '$n' }, y: { $last: '$n' } } }],
      [{ _id: null, x: 1, y: 5 }],
      { page: 'operator/aggregation/first' },
    ],
    [
      '$first of a missing field is null',
      [{ $sort: { n: -1 } }, { $group: { _id: null, x: { $first: '$k' } } }],
      [{ _id: null, x: null }],
      { page: 'operator/aggregation/first' },
    ],
    [
      '$push ignores missing values',
      [byId, { $group: { _id: null, r: { $push: '$k' } } }],
      [{ _id: null, r: ['a', 'b', 'a', null] }],
      { page: 'operator/aggregation/push' },
    ],
    [
      '$push of a document',
      [{ $match: { n: 1 } }, { $group: { _id: null, r: { $push: { n: '$n', z: '$z' } } } }],
      [{ _id: null, r: [{ n: 1 }] }],
      { page: 'operator/aggregation/push' },
    ],
    [
      '$addToSet',
      [{ $match: { k: 'a' } }, { $group: { _id: null, r: { $addToSet: '$k' } } }],
      [{ _id: null, r: ['a'] }],
      { page: 'operator/aggregation/addToSet' },
    ],
    [
      '$mergeObjects',
      [{ $match: { n: { $lt: 3 } } }, byId, { $group: { _id: null, r: { $mergeObjects: { k: '$k' } } } }],
      [{ _id: null, r: { k: 'b' } }],
      { page: 'operator/aggregation/mergeObjects' },
    ],
    ['$group without _id', [{ $group: { n: { $sum: 1 } } }], fails(15955)],
    ['$group needs an accumulator', [{ $group: { _id: null, n: 1 } }], fails(40234)],
    ['$group with an unknown accumulator', [{ $group: { _id: null, n: { $nope: 1 } } }], fails(15952)],
    ['$group with two accumulators', [{ $group: { _id: null, n: { $sum: 1, $max: 1 } } }], fails(40238)],
    ['$group with a dotted name', [{ $group: { _id: null, 'a.b': { $sum: 1 } } }], fails(40235)],
    ['$group needs an object', [{ $group: 1 }], fails(15947)],
    [
      '$sortByCount',
      [{ $match: { k: { $type: 'string' } } }, { $sortByCount: '$k' }],
      [
        { _id: 'a', count: 2 },
        { _id: 'b', count: 1 },
      ],
      { page: 'operator/aggregation/sortByCount' },
    ],
    [
      '$sortByCount of a plain string',
      [{ $sortByCount: 'k' }],
      fails(40147, 40148),
      { page: 'operator/aggregation/sortByCount' },
    ],
  ]),
  ...pipelines(
    'group',
    [
      { g: 1, n: 1 },
      { g: double(1), n: long(2) },
      { g: 2, n: 2147483647 },
      { g: 2, n: 1 },
    ],
    [
      [
        'groups compare by value across numeric types',
        [{ $match: { g: 1 } }, { $sort: { _id: 1 } }, { $group: { _id: '$g', n: { $sum: '$n' } } }],
        [{ _id: 1, n: long(3) }],
      ],
      [
        'a sum of ints overflows to a long',
        [{ $match: { g: 2 } }, { $group: { _id: '$g', n: { $sum: '$n' } } }],
        [{ _id: 2, n: long(2147483648) }],
        { page: 'operator/aggregation/sum' },
      ],
    ],
  ),
];

const messages = [
  { c: 1, at: 1, x: 'a' },
  { c: 1, at: 3, x: 'b' },
  { c: 2, at: 2, x: 'c' },
  { at: 9, x: 'd' },
  { c: 2, at: 1, x: 'e' },
];
const firstAndLast = pipelines('group', messages, [
  [
    'the last row of each group',
    [{ $sort: { c: 1, at: -1 } }, { $group: { _id: '$c', x: { $first: '$x' } } }, byId],
    [
      { _id: null, x: 'd' },
      { _id: 1, x: 'b' },
      { _id: 2, x: 'c' },
    ],
  ],
  [
    'the first row of each group by $last',
    [{ $sort: { c: 1, at: -1 } }, { $group: { _id: '$c', x: { $last: '$x' } } }, byId],
    [
      { _id: null, x: 'd' },
      { _id: 1, x: 'a' },
      { _id: 2, x: 'e' },
    ],
  ],
  [
    'groups of filtered documents',
    [
      { $match: { c: { $gte: 1 }, at: { $lt: 3 } } },
      { $sort: { c: 1, at: -1 } },
      { $group: { _id: '$c', x: { $first: '$x' } } },
      byId,
    ],
    [
      { _id: 1, x: 'a' },
      { _id: 2, x: 'c' },
    ],
  ],
  [
    'groups in reverse order',
    [{ $sort: { c: -1, at: 1 } }, { $group: { _id: '$c', at: { $first: '$at' } } }, byId],
    [
      { _id: null, at: 9 },
      { _id: 1, at: 1 },
      { _id: 2, at: 1 },
    ],
  ],
  [
    'the whole row',
    [{ $match: { c: 1 } }, { $sort: { c: 1, at: -1 } }, { $group: { _id: '$c', row: { $first: '$$ROOT' } } }],
    [{ _id: 1, row: { _id: 2, c: 1, at: 3, x: 'b' } }],
  ],
]).flatMap((test) => [
  test,
  { ...test, name: `${test.name}, by an index`, indexes: [{ key: { c: 1, at: -1 }, name: 'c_at' }] },
]);

export const groupCases = [...group, ...firstAndLast];
