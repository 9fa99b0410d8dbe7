import { fails, updates } from './case.js';
import { double } from './values.js';

const changes = [
  ...updates('push', [
    ['$push appends to an array', { a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
    ['$push creates the array', {}, { $push: { a: 1 } }, { a: [1] }],
    ['$push of an array adds one element', { a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
    ['$push $each', { a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
    ['$push of no elements creates an empty array', {}, { $push: { a: { $each: [] } } }, { a: [] }],
    ['$push $position', { a: [1, 2] }, { $push: { a: { $each: [9], $position: 0 } } }, { a: [9, 1, 2] }],
    ['$push $position from the end', { a: [1, 2] }, { $push: { a: { $each: [9], $position: -1 } } }, { a: [1, 9, 2] }],
    ['$push $slice keeps the first', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: 2 } } }, { a: [1, 2] }],
    ['$push $slice keeps the last', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: -2 } } }, { a: [2, 3] }],
    ['$push $slice 0 empties', { a: [1] }, { $push: { a: { $each: [2], $slice: 0 } } }, { a: [] }],
    ['$push $sort', { a: [3, 1] }, { $push: { a: { $each: [2], $sort: 1 } } }, { a: [1, 2, 3] }],
    [
      '$push $sort descending with $slice',
      { a: [3, 1] },
      { $push: { a: { $each: [2], $sort: -1, $slice: 2 } } },
      { a: [3, 2] },
    ],
    [
      '$push $sort by a field',
      { a: [{ x: 2 }] },
      { $push: { a: { $each: [{ x: 1 }], $sort: { x: 1 } } } },
      { a: [{ x: 1 }, { x: 2 }] },
    ],
    ['$push to a scalar', { a: 1 }, { $push: { a: 2 } }, fails(2)],
    ['$push with an unknown clause', { a: [] }, { $push: { a: { $each: [1], $nope: 1 } } }, fails(2)],
    ['$push $each needs an array', { a: [] }, { $push: { a: { $each: 1 } } }, fails(2)],
  ]),
  ...updates('addToSet', [
    ['$addToSet adds a new value', { a: [1] }, { $addToSet: { a: 2 } }, { a: [1, 2] }],
    ['$addToSet ignores an existing value', { a: [1] }, { $addToSet: { a: 1 } }, { a: [1] }],
    ['$addToSet ignores an equal number of another type', { a: [1] }, { $addToSet: { a: double(1) } }, { a: [1] }],
    ['$addToSet $each', { a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
    ['$addToSet creates the array', {}, { $addToSet: { a: 1 } }, { a: [1] }],
    [
      '$addToSet compares documents with their field order',
      { a: [{ x: 1, y: 2 }] },
      { $addToSet: { a: { y: 2, x: 1 } } },
      {
        a: [
          { x: 1, y: 2 },
          { y: 2, x: 1 },
        ],
      },
    ],
    ['$addToSet to a scalar', { a: 1 }, { $addToSet: { a: 1 } }, fails(2)],
  ]),
  ...updates('pop', [
    ['$pop removes the last element', { a: [1, 2] }, { $pop: { a: 1 } }, { a: [1] }],
    ['$pop removes the first element', { a: [1, 2] }, { $pop: { a: -1 } }, { a: [2] }],
    ['$pop of an empty array', { a: [] }, { $pop: { a: 1 } }, { a: [] }],
    ['$pop of a missing field', { b: 1 }, { $pop: { a: 1 } }, { b: 1 }],
    ['$pop of a scalar', { a: 1 }, { $pop: { a: 1 } }, fails(14)],
    ['$pop requires 1 or -1', { a: [1] }, { $pop: { a: 2 } }, fails(9)],
  ]),
  ...updates('pull', [
    ['$pull a value', { a: [1, 2, 1] }, { $pull: { a: 1 } }, { a: [2] }],
    ['$pull by a condition', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
    ['$pull documents by a query', { a: [{ x: 1, y: 1 }, { x: 2 }] }, { $pull: { a: { x: 1 } } }, { a: [{ x: 2 }] }],
    ['$pull with $in', { a: ['x', 'y', 'z'] }, { $pull: { a: { $in: ['x', 'z'] } } }, { a: ['y'] }],
    [
      '$pull documents by an operator',
      { a: [{ x: 1 }, { x: 5 }] },
      { $pull: { a: { x: { $gt: 2 } } } },
      { a: [{ x: 1 }] },
    ],
    [
      '$pull documents by $or',
      { a: [{ x: 1 }, { y: 2 }, { x: 3 }] },
      { $pull: { a: { $or: [{ x: 1 }, { y: 2 }] } } },
      { a: [{ x: 3 }] },
    ],
    ['$pull of a missing field', { b: 1 }, { $pull: { a: 1 } }, { b: 1 }],
    ['$pull of a scalar', { a: 1 }, { $pull: { a: 1 } }, fails(2)],
    ['$pull an array by equality', { a: [[1], 1] }, { $pull: { a: [1] } }, { a: [1] }],
  ]),
  ...updates('pullAll', [
    ['$pullAll', { a: [1, 2, 3, 1] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
    [
      '$pullAll of a whole document',
      { a: [{ x: 1, y: 1 }, { x: 1 }] },
      { $pullAll: { a: [{ x: 1 }] } },
      { a: [{ x: 1, y: 1 }] },
    ],
    ['$pullAll needs an array', { a: [1] }, { $pullAll: { a: 1 } }, fails(2)],
  ]),
];

const positional = updates('positional', [
  ['$ is the matched element', { a: [1, 5, 9] }, { $set: { 'a.$': 0 } }, { a: [1, 0, 9] }, { q: { a: 5 } }],
  [
    '$ by $elemMatch',
    { a: [{ x: 1 }, { x: 2 }] },
    { $inc: { 'a.$.x': 10 } },
    { a: [{ x: 1 }, { x: 12 }] },
    { q: { a: { $elemMatch: { x: 2 } } } },
  ],
  [
    '$ by a dotted path',
    { a: [{ x: 1 }, { x: 2 }] },
    { $set: { 'a.$.y': 7 } },
    { a: [{ x: 1 }, { x: 2, y: 7 }] },
    { q: { 'a.x': 2 } },
  ],
  ['$ without an array in the query', { a: [1] }, { $set: { 'a.$': 0 } }, fails(2)],
  ['$ twice in one path', { a: [[1]] }, { $set: { 'a.$.$': 0 } }, fails(2), { q: { a: { $exists: true } } }],
  [
    '$ in several paths',
    { a: [{ x: 1 }, { x: 2 }] },
    { $set: { 'a.$.y': 1, 'a.$.z': 2 } },
    { a: [{ x: 1 }, { x: 2, y: 1, z: 2 }] },
    { q: { 'a.x': 2 } },
  ],
]);

const all = updates('positional-all', [
  ['$[] changes every element', { a: [1, 2] }, { $inc: { 'a.$[]': 10 } }, { a: [11, 12] }],
  ['$[] with a field', { a: [{ x: 1 }, { x: 2 }] }, { $set: { 'a.$[].x': 0 } }, { a: [{ x: 0 }, { x: 0 }] }],
  ['$[] in nested arrays', { a: [[1], [2, 3]] }, { $inc: { 'a.$[].$[]': 1 } }, { a: [[2], [3, 4]] }],
  ['$[] of an empty array', { a: [] }, { $inc: { 'a.$[]': 1 } }, { a: [] }],
  ['$[] of a missing field', { b: 1 }, { $inc: { 'a.$[]': 1 } }, fails(2)],
  ['$[] of a scalar', { a: 1 }, { $inc: { 'a.$[]': 1 } }, fails(2)],
]);

const filtered = updates('positional-filtered', [
  [
    '$[e] by a condition',
    { a: [1, 5, 9] },
    { $set: { 'a.$[e]': 0 } },
    { a: [1, 0, 0] },
    { arrayFilters: [{ e: { $gte: 5 } }] },
  ],
  [
    '$[e] by a field',
    { a: [{ x: 1 }, { x: 2 }] },
    { $set: { 'a.$[e].y': 1 } },
    { a: [{ x: 1 }, { x: 2, y: 1 }] },
    { arrayFilters: [{ 'e.x': 2 }] },
  ],
  ['$[e] without a matching element', { a: [1] }, { $set: { 'a.$[e]': 0 } }, { a: [1] }, { arrayFilters: [{ e: 5 }] }],
  [
    'two identifiers',
    { a: [{ l: [1, 2] }, { l: [2] }] },
    { $set: { 'a.$[].l.$[e]': 0 } },
    { a: [{ l: [1, 0] }, { l: [0] }] },
    { arrayFilters: [{ e: 2 }] },
  ],
  ['an identifier without a filter', { a: [1] }, { $set: { 'a.$[e]': 0 } }, fails(2)],
  ['an unused filter', { a: [1] }, { $set: { a: 0 } }, fails(9), { arrayFilters: [{ e: 1 }] }],
  [
    'two filters with one name',
    { a: [1] },
    { $set: { 'a.$[e]': 0 } },
    fails(9),
    { arrayFilters: [{ e: 1 }, { e: 2 }] },
  ],
  ['an identifier with a capital', { a: [1] }, { $set: { 'a.$[E]': 0 } }, fails(2), { arrayFilters: [{ E: 1 }] }],
]);

export const updateArrayCases = [...changes, ...positional, ...all, ...filtered];
