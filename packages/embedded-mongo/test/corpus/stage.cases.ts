import { Fails, pipelines } from './case.js';
import { date, double, long } from './values.js';

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
    ['$match needs an object', [{ $match: 1 }], new Fails(15959)],
    [
      '$match behind $project',
      [{ $project: { m: { $multiply: ['$n', 2] } } }, { $match: { m: 4 } }],
      [{ _id: 2, m: 4 }],
    ],
  ]),
  ...pipelines('sort', sales, [
    ['$sort down', [{ $sort: { n: -1 } }, ids], of(5, 4, 3, 2, 1)],
    ['$sort by two fields, null beside missing', [{ $sort: { k: 1, n: -1 } }, ids], of(5, 4, 3, 1, 2)],
    ['$sort with $limit', [{ $sort: { n: -1 } }, { $limit: 2 }, ids], of(5, 4)],
    [
      '$sort in the middle',
      [{ $set: { m: { $multiply: ['$n', -1] } } }, { $sort: { m: 1 } }, { $limit: 1 }, ids],
      of(5),
    ],
    ['$sort of nothing', [{ $sort: {} }], new Fails(15976)],
    ['$sort by 2', [{ $sort: { n: 2 } }], new Fails(15975)],
    ['$sort needs an object', [{ $sort: 1 }], new Fails(15973)],
  ]),
  ...pipelines('limit', sales, [
    ['$limit', [byId, { $limit: 2 }, ids], of(1, 2)],
    ['$limit 0', [{ $limit: 0 }], new Fails(15958)],
    ['$limit below zero', [{ $limit: -1 }], new Fails(5107201, 15958)],
    ['$skip', [byId, { $skip: 3 }, ids], of(4, 5), { page: 'operator/aggregation/skip' }],
    ['$skip and $limit', [byId, { $skip: 1 }, { $limit: 2 }, ids], of(2, 3), { page: 'operator/aggregation/skip' }],
    ['$limit and $skip', [byId, { $limit: 3 }, { $skip: 1 }, ids], of(2, 3), { page: 'operator/aggregation/skip' }],
    ['$skip below zero', [{ $skip: -1 }], new Fails(5107200, 15956), { page: 'operator/aggregation/skip' }],
  ]),
  ...pipelines('count', sales, [
    ['$count', [{ $match: { k: 'a' } }, { $count: 'n' }], [{ n: 2 }]],
    ['$count of nothing gives nothing', [{ $match: { k: 'z' } }, { $count: 'n' }], []],
    ['$count needs a name', [{ $count: '' }], new Fails(40156, 40157)],
    ['$count by a name with $', [{ $count: '$n' }], new Fails(40158)],
    ['$count by a name with a dot', [{ $count: 'a.b' }], new Fails(40160)],
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
    ['a missing field stays away', [{ $project: { _id: 0, r: '$zz' } }], [{}]],
    ['a new array', [{ $project: { _id: 0, r: ['$s', '$zz'] } }], [{ r: ['v', null] }]],
    ['inclusion and exclusion', [{ $project: { a: 1, s: 0 } }], new Fails(31254)],
    ['exclusion and inclusion', [{ $project: { a: 0, s: 1 } }], new Fails(31253)],
    ['nothing to project', [{ $project: {} }], new Fails(51272)],
    ['two paths that collide', [{ $project: { a: 1, 'a.b': 1 } }], new Fails(31249, 31250)],
  ]),
  ...pipelines('set', nested, [
    ['$set adds', [{ $set: { n: 1 } }, { $project: { n: 1 } }], [{ _id: 1, n: 1 }]],
    [
      '$addFields is the same',
      [{ $addFields: { n: '$s' } }, { $project: { n: 1 } }],
      [{ _id: 1, n: 'v' }],
      { page: 'operator/aggregation/addFields' },
    ],
    [
      '$set goes into every element',
      [{ $set: { 'l.x': 9 } }, { $project: { _id: 0, l: 1 } }],
      [{ l: [{ x: 9, y: 1 }, { x: 9 }, { x: 9 }] }],
    ],
    ['$set below', [{ $set: { 'a.b': 5 } }, { $project: { _id: 0, a: 1 } }], [{ a: { b: 5, c: 2 } }]],
    ['$unset', [{ $unset: ['a', 'l'] }], [{ _id: 1, s: 'v' }], { page: 'operator/aggregation/unset' }],
    [
      '$unset of one',
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
    [
      '$replaceWith of a text',
      [{ $replaceWith: '$s' }],
      new Fails(40228),
      { page: 'operator/aggregation/replaceWith' },
    ],
    [
      '$replaceWith of a missing field',
      [{ $replaceWith: '$zz' }],
      new Fails(40228),
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
    '$unwind that keeps them',
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
  ['$unwind needs a $', [{ $unwind: 't' }], new Fails(28818)],
  ['$unwind with an unknown option', [{ $unwind: { path: '$t', nope: 1 } }], new Fails(28811)],
  ['$unwind of a number', [{ $unwind: 1 }], new Fails(15981, 28808)],
]);

const group = [
  ...pipelines('group', sales, [
    [
      '$group puts null and missing together',
      [{ $group: { _id: '$k', n: { $sum: '$n' } } }, byId],
      [
        { _id: null, n: 9 },
        { _id: 'a', n: 4 },
        { _id: 'b', n: 2 },
      ],
    ],
    ['$group of all', [{ $group: { _id: null, n: { $sum: 1 } } }], [{ _id: null, n: 5 }]],
    ['$group of nothing', [{ $match: { k: 'z' } }, { $group: { _id: null, n: { $sum: 1 } } }], []],
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
      '$sum leaves out what is no number',
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
      '$min leaves out null',
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
      '$push leaves out missing',
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
    ['$group without _id', [{ $group: { n: { $sum: 1 } } }], new Fails(15955)],
    ['$group needs an accumulator', [{ $group: { _id: null, n: 1 } }], new Fails(40234)],
    ['$group with an unknown accumulator', [{ $group: { _id: null, n: { $nope: 1 } } }], new Fails(15952)],
    ['$group with two accumulators', [{ $group: { _id: null, n: { $sum: 1, $max: 1 } } }], new Fails(40238)],
    ['$group with a dotted name', [{ $group: { _id: null, 'a.b': { $sum: 1 } } }], new Fails(40235)],
    ['$group needs an object', [{ $group: 1 }], new Fails(15947)],
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
      '$sortByCount of a plain text',
      [{ $sortByCount: 'k' }],
      new Fails(40147, 40148),
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
        'groups are by value across numeric types',
        [{ $match: { g: 1 } }, { $sort: { _id: 1 } }, { $group: { _id: '$g', n: { $sum: '$n' } } }],
        [{ _id: 1, n: long(3) }],
      ],
      [
        'a sum grows into a long',
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
const ends = pipelines('group', messages, [
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
    'groups of a filter',
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
    'groups from the end',
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

const people = {
  others: { p: [{ n: 'x', g: 1, at: date('2024-01-01') }, { n: 'y', g: null }, { n: 'z' }, { n: 'w', g: [1, 2] }] },
};
const more = { ...people, page: 'operator/aggregation/lookup' };
const lookups = pipelines(
  'lookup',
  [{ r: 1 }, { r: null }, {}, { r: [2, 1] }, { r: 7 }],
  [
    [
      '$lookup by equality, null and missing alike',
      [
        byId,
        { $lookup: { from: 'p', localField: 'r', foreignField: 'g', as: 'j' } },
        { $project: { _id: 0, j: '$j.n' } },
      ],
      [{ j: ['x', 'w'] }, { j: ['y', 'z'] }, { j: ['y', 'z'] }, { j: ['x', 'w'] }, { j: [] }],
      more,
    ],
    [
      '$lookup into an embedded field',
      [
        { $match: { r: 7 } },
        { $lookup: { from: 'p', localField: 'r', foreignField: 'g', as: 'j.k' } },
        { $project: { _id: 0, j: 1 } },
      ],
      [{ j: { k: [] } }],
      more,
    ],
    [
      '$lookup with a pipeline and let',
      [
        { $match: { _id: 1 } },
        {
          $lookup: {
            from: 'p',
            let: { w: '$r' },
            pipeline: [{ $match: { $expr: { $eq: ['$g', '$$w'] } } }, { $project: { _id: 0, n: 1 } }],
            as: 'j',
          },
        },
        { $project: { _id: 0, j: 1 } },
      ],
      [{ j: [{ n: 'x' }] }],
      more,
    ],
    [
      '$lookup with equality and a pipeline',
      [
        { $match: { _id: 1 } },
        {
          $lookup: {
            from: 'p',
            localField: 'r',
            foreignField: 'g',
            pipeline: [{ $sort: { n: 1 } }, { $project: { _id: 0, n: 1 } }],
            as: 'j',
          },
        },
        { $project: { _id: 0, j: 1 } },
      ],
      [{ j: [{ n: 'w' }, { n: 'x' }] }],
      more,
    ],
    [
      '$lookup with a pipeline alone',
      [
        { $match: { r: 7 } },
        { $lookup: { from: 'p', pipeline: [{ $count: 'n' }], as: 'j' } },
        { $project: { _id: 0, j: 1 } },
      ],
      [{ j: [{ n: 4 }] }],
      more,
    ],
    [
      '$lookup in a collection that is not there',
      [
        { $match: { r: 7 } },
        { $lookup: { from: 'nowhere', localField: 'r', foreignField: 'g', as: 'j' } },
        { $project: { _id: 0, j: 1 } },
      ],
      [{ j: [] }],
      more,
    ],
    ['$lookup without as', [{ $lookup: { from: 'p', localField: 'r', foreignField: 'g' } }], new Fails(9), more],
    ['$lookup with half of the equality', [{ $lookup: { from: 'p', localField: 'r', as: 'j' } }], new Fails(9), more],
    [
      '$lookup with an undefined variable',
      [{ $lookup: { from: 'p', pipeline: [{ $match: { $expr: '$$q' } }], as: 'j' } }],
      new Fails(17276),
      more,
    ],
    [
      '$unionWith',
      [{ $match: { r: 7 } }, { $unionWith: 'p' }, { $count: 'n' }],
      [{ n: 5 }],
      { ...people, page: 'operator/aggregation/unionWith' },
    ],
    [
      '$unionWith a pipeline',
      [
        { $match: { r: 7 } },
        { $project: { _id: 0, r: 1 } },
        { $unionWith: { coll: 'p', pipeline: [{ $match: { n: 'z' } }, { $project: { _id: 0, n: 1 } }] } },
      ],
      [{ r: 7 }, { n: 'z' }],
      { ...people, page: 'operator/aggregation/unionWith' },
    ],
    [
      '$facet',
      [{ $facet: { n: [{ $count: 'n' }], top: [{ $sort: { _id: -1 } }, { $limit: 1 }, { $project: { _id: 1 } }] } }],
      [{ n: [{ n: 5 }], top: [{ _id: 5 }] }],
      { page: 'operator/aggregation/facet' },
    ],
    [
      '$facet of nothing found',
      [{ $match: { r: 'no' } }, { $facet: { n: [{ $count: 'n' }] } }],
      [{ n: [] }],
      { page: 'operator/aggregation/facet' },
    ],
    [
      '$facet in $facet',
      [{ $facet: { n: [{ $facet: { m: [] } }] } }],
      new Fails(40600),
      { page: 'operator/aggregation/facet' },
    ],
    ['$facet needs pipelines', [{ $facet: { n: 1 } }], new Fails(40170), { page: 'operator/aggregation/facet' }],
    ['$facet of no facets', [{ $facet: {} }], new Fails(40169), { page: 'operator/aggregation/facet' }],
    ['an unknown stage', [{ $nope: 1 }], new Fails(40324), { page: 'operator/aggregation-pipeline' }],
    [
      'a stage with two names',
      [{ $match: {}, $limit: 1 }],
      new Fails(40323),
      { page: 'operator/aggregation-pipeline' },
    ],
  ],
);

export const STAGE_CASES = [...flow, ...shape, ...unwind, ...group, ...ends, ...lookups];
