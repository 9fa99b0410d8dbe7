import { Fails, pipelines } from './case.js';
import { date, double, long } from './values.js';

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

export const GROUP_CASES = [...group, ...ends, ...lookups];
