import { fails, pipelines } from './case.js';
import { long } from './values.js';

const sales = [
  { k: 'a', n: 1, t: [1, 2] },
  { k: 'b', n: 2, t: [] },
  { k: 'a', n: 3 },
  { k: null, n: 4, t: null },
  { n: 5, t: 7 },
];
const ids = { $project: { _id: 1 } };
const byId = { $sort: { _id: 1 } };
const of = (...list: number[]) => list.map((_id) => ({ _id }));

const flow = [
  ...pipelines('match', sales, [
    ['$match', [{ $match: { k: 'a' } }, byId, ids], of(1, 3)],
    ['two $match', [{ $match: { k: 'a' } }, { $match: { n: { $gt: 1 } } }, ids], of(3)],
    ['$match with $expr', [{ $match: { $expr: { $gt: ['$n', 3] } } }, byId, ids], of(4, 5)],
    ['$match needs an object', [{ $match: 1 }], fails(15959)],
    [
      '$match after $project',
      [{ $project: { m: { $multiply: ['$n', 2] } } }, { $match: { m: 4 } }],
      [{ _id: 2, m: 4 }],
    ],
  ]),
  ...pipelines('sort', sales, [
    ['$sort in descending order', [{ $sort: { n: -1 } }, ids], of(5, 4, 3, 2, 1)],
    ['$sort by two fields treats null and missing alike', [{ $sort: { k: 1, n: -1 } }, ids], of(5, 4, 3, 1, 2)],
    ['$sort with $limit', [{ $sort: { n: -1 } }, { $limit: 2 }, ids], of(5, 4)],
    [
      '$sort in the middle',
      [{ $set: { m: { $multiply: ['$n', -1] } } }, { $sort: { m: 1 } }, { $limit: 1 }, ids],
      of(5),
    ],
    ['an empty $sort', [{ $sort: {} }], fails(15976)],
    ['$sort by 2', [{ $sort: { n: 2 } }], fails(15975)],
    ['$sort needs an object', [{ $sort: 1 }], fails(15973)],
  ]),
  ...pipelines('limit', sales, [
    ['$limit', [byId, { $limit: 2 }, ids], of(1, 2)],
    ['$limit 0', [{ $limit: 0 }], fails(15958)],
    ['$limit below zero', [{ $limit: -1 }], fails(5107201, 15958)],
    ['$skip', [byId, { $skip: 3 }, ids], of(4, 5), { page: 'operator/aggregation/skip' }],
    ['$skip and $limit', [byId, { $skip: 1 }, { $limit: 2 }, ids], of(2, 3), { page: 'operator/aggregation/skip' }],
    ['$limit and $skip', [byId, { $limit: 3 }, { $skip: 1 }, ids], of(2, 3), { page: 'operator/aggregation/skip' }],
    ['$skip below zero', [{ $skip: -1 }], fails(5107200, 15956), { page: 'operator/aggregation/skip' }],
  ]),
  ...pipelines('count', sales, [
    ['$count', [{ $match: { k: 'a' } }, { $count: 'n' }], [{ n: 2 }]],
    ['$count of no documents returns nothing', [{ $match: { k: 'z' } }, { $count: 'n' }], []],
    ['$count needs a name', [{ $count: '' }], fails(40156, 40157)],
    ['$count by a name with $', [{ $count: '$n' }], fails(40158)],
    ['$count by a name with a dot', [{ $count: 'a.b' }], fails(40160)],
  ]),
];

const nested = [{ a: { b: 1, c: 2 }, l: [{ x: 1, y: 1 }, { x: 2 }, 3], s: 'v' }];
const shape = [
  ...pipelines('project', nested, [
    ['inclusion', [{ $project: { s: 1 } }], [{ _id: 1, s: 'v' }]],
    ['inclusion without _id', [{ $project: { _id: 0, s: 1 } }], [{ s: 'v' }]],
    ['exclusion', [{ $project: { a: 0, l: 0 } }], [{ _id: 1, s: 'v' }]],
    ['a dotted inclusion', [{ $project: { _id: 0, 'a.b': 1 } }], [{ a: { b: 1 } }]],
    ['a nested inclusion', [{ $project: { _id: 0, a: { b: 1 } } }], [{ a: { b: 1 } }]],
    ['inclusion in an array drops scalars', [{ $project: { _id: 0, 'l.x': 1 } }], [{ l: [{ x: 1 }, { x: 2 }] }]],
    ['exclusion in an array', [{ $project: { _id: 0, a: 0, s: 0, 'l.x': 0 } }], [{ l: [{ y: 1 }, {}, 3] }]],
    ['a computed field', [{ $project: { _id: 0, n: { $add: ['$a.b', '$a.c'] } } }], [{ n: 3 }]],
    ['a renamed field', [{ $project: { _id: 0, r: '$s' } }], [{ r: 'v' }]],
    ['a missing field is omitted', [{ $project: { _id: 0, r: '$zz' } }], [{}]],
    ['a new array', [{ $project: { _id: 0, r: ['$s', '$zz'] } }], [{ r: ['v', null] }]],
    ['inclusion and exclusion', [{ $project: { a: 1, s: 0 } }], fails(31254)],
    ['exclusion and inclusion', [{ $project: { a: 0, s: 1 } }], fails(31253)],
    ['an empty $project', [{ $project: {} }], fails(51272)],
    ['conflicting paths', [{ $project: { a: 1, 'a.b': 1 } }], fails(31249, 31250)],
  ]),
  ...pipelines('set', nested, [
    ['$set adds a field', [{ $set: { n: 1 } }, { $project: { n: 1 } }], [{ _id: 1, n: 1 }]],
    [
      '$addFields is the same',
      [{ $addFields: { n: '$s' } }, { $project: { n: 1 } }],
      [{ _id: 1, n: 'v' }],
      { page: 'operator/aggregation/addFields' },
    ],
    [
      '$set changes every element',
      [{ $set: { 'l.x': 9 } }, { $project: { _id: 0, l: 1 } }],
      [{ l: [{ x: 9, y: 1 }, { x: 9 }, { x: 9 }] }],
    ],
    ['$set in an embedded document', [{ $set: { 'a.b': 5 } }, { $project: { _id: 0, a: 1 } }], [{ a: { b: 5, c: 2 } }]],
    ['$unset', [{ $unset: ['a', 'l'] }], [{ _id: 1, s: 'v' }], { page: 'operator/aggregation/unset' }],
    [
      '$unset of one field',
      [{ $unset: 'a.b' }, { $project: { _id: 0, a: 1 } }],
      [{ a: { c: 2 } }],
      { page: 'operator/aggregation/unset' },
    ],
    [
      '$replaceRoot',
      [{ $replaceRoot: { newRoot: '$a' } }],
      [{ b: 1, c: 2 }],
      { page: 'operator/aggregation/replaceRoot' },
    ],
    [
      '$replaceWith',
      [{ $replaceWith: { $mergeObjects: ['$a', { d: 3 }] } }],
      [{ b: 1, c: 2, d: 3 }],
      { page: 'operator/aggregation/replaceWith' },
    ],
    ['$replaceWith of a string', [{ $replaceWith: '$s' }], fails(40228), { page: 'operator/aggregation/replaceWith' }],
    [
      '$replaceWith of a missing field',
      [{ $replaceWith: '$zz' }],
      fails(40228),
      { page: 'operator/aggregation/replaceWith' },
    ],
  ]),
];

const unwind = pipelines('unwind', sales, [
  [
    '$unwind drops empty, null and missing',
    [byId, { $unwind: '$t' }, { $project: { t: 1 } }],
    [
      { _id: 1, t: 1 },
      { _id: 1, t: 2 },
      { _id: 5, t: 7 },
    ],
  ],
  [
    '$unwind with preserveNullAndEmptyArrays',
    [byId, { $unwind: { path: '$t', preserveNullAndEmptyArrays: true } }, { $project: { t: 1 } }],
    [{ _id: 1, t: 1 }, { _id: 1, t: 2 }, { _id: 2 }, { _id: 3 }, { _id: 4, t: null }, { _id: 5, t: 7 }],
  ],
  [
    '$unwind with a position',
    [byId, { $unwind: { path: '$t', includeArrayIndex: 'i' } }, { $project: { i: 1 } }],
    [
      { _id: 1, i: long(0) },
      { _id: 1, i: long(1) },
      { _id: 5, i: null },
    ],
  ],
  ['$unwind needs a $', [{ $unwind: 't' }], fails(28818)],
  ['$unwind with an unknown option', [{ $unwind: { path: '$t', nope: 1 } }], fails(28811)],
  ['$unwind of a number', [{ $unwind: 1 }], fails(15981, 28808)],
]);

export const stageCases = [...flow, ...shape, ...unwind];
