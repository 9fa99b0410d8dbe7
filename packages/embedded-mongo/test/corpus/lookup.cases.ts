import { fails, pipelines } from './case.js';
import { date } from './values.js';

const byId = { $sort: { _id: 1 } };
const people = {
  others: { p: [{ n: 'x', g: 1, at: date('2024-01-01') }, { n: 'y', g: null }, { n: 'z' }, { n: 'w', g: [1, 2] }] },
};
const more = { ...people, page: 'operator/aggregation/lookup' };
export const lookupCases = pipelines(
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
      '$lookup with only a pipeline',
      [
        { $match: { r: 7 } },
        { $lookup: { from: 'p', pipeline: [{ $count: 'n' }], as: 'j' } },
        { $project: { _id: 0, j: 1 } },
      ],
      [{ j: [{ n: 4 }] }],
      more,
    ],
    [
      '$lookup in a missing collection',
      [
        { $match: { r: 7 } },
        { $lookup: { from: 'nowhere', localField: 'r', foreignField: 'g', as: 'j' } },
        { $project: { _id: 0, j: 1 } },
      ],
      [{ j: [] }],
      more,
    ],
    ['$lookup without as', [{ $lookup: { from: 'p', localField: 'r', foreignField: 'g' } }], fails(9), more],
    ['$lookup without foreignField', [{ $lookup: { from: 'p', localField: 'r', as: 'j' } }], fails(9), more],
    [
      '$lookup with an undefined variable',
      [{ $lookup: { from: 'p', pipeline: [{ $match: { $expr: '$$q' } }], as: 'j' } }],
      fails(17276),
      more,
    ],
    [
      '$unionWith',
      [{ $match: { r: 7 } }, { $unionWith: 'p' }, { $count: 'n' }],
      [{ n: 5 }],
      { ...people, page: 'operator/aggregation/unionWith' },
    ],
    [
      '$unionWith with a pipeline',
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
      '$facet of no documents',
      [{ $match: { r: 'no' } }, { $facet: { n: [{ $count: 'n' }] } }],
      [{ n: [] }],
      { page: 'operator/aggregation/facet' },
    ],
    [
      '$facet in $facet',
      [{ $facet: { n: [{ $facet: { m: [] } }] } }],
      fails(40600),
      { page: 'operator/aggregation/facet' },
    ],
    ['$facet needs pipelines', [{ $facet: { n: 1 } }], fails(40170), { page: 'operator/aggregation/facet' }],
    ['an empty $facet', [{ $facet: {} }], fails(40169), { page: 'operator/aggregation/facet' }],
    ['an unknown stage', [{ $nope: 1 }], fails(40324), { page: 'operator/aggregation-pipeline' }],
    ['a stage with two fields', [{ $match: {}, $limit: 1 }], fails(40323), { page: 'operator/aggregation-pipeline' }],
  ],
);
