import { queries } from './case.js';

const lists = [
  { v: [1, 2, 3] },
  { v: [3, 2, 1] },
  { v: [[1, 2], 3] },
  {
    v: [
      { a: 1, b: 1 },
      { a: 2, b: 2 },
    ],
  },
  { v: [{ a: 1, b: 2 }] },
  { v: 1 },
  { v: [] },
  { v: { a: 1, b: 1 } },
  {},
  { v: [null, 1] },
  { v: [{ c: 1 }] },
];

const arrays = queries('operator/query/all', lists, [
  ['$all in any order', { v: { $all: [2, 1] } }, [1, 2]],
  ['$all of one value matches a scalar', { v: { $all: [1] } }, [1, 2, 6, 10]],
  ['an empty $all matches nothing', { v: { $all: [] } }, []],
  ['$all with an array matches a nested array', { v: { $all: [[1, 2]] } }, [3]],
  ['$all with $elemMatch', { v: { $all: [{ $elemMatch: { a: 1 } }, { $elemMatch: { b: 2 } }] } }, [4, 5]],
  ['$all needs an array', { v: { $all: 1 } }, 2],
  ['$size', { v: { $size: 3 } }, [1, 2], 'operator/query/size'],
  ['$size 0', { v: { $size: 0 } }, [7], 'operator/query/size'],
  ['$size requires an integer', { v: { $size: 1.5 } }, 2, 'operator/query/size'],
  ['$size rejects a negative number', { v: { $size: -1 } }, 2, 'operator/query/size'],
  ['$size of nested arrays counts the outer array', { v: { $size: 2 } }, [3, 4, 10], 'operator/query/size'],
  ['$elemMatch with operators', { v: { $elemMatch: { $gte: 2, $lt: 3 } } }, [1, 2], 'operator/query/elemMatch'],
  [
    '$elemMatch needs one element that meets all conditions',
    { v: { $elemMatch: { a: 1, b: 2 } } },
    [5],
    'operator/query/elemMatch',
  ],
  [
    '$elemMatch does not match a document outside an array',
    { v: { $elemMatch: { b: 1 } } },
    [4],
    'operator/query/elemMatch',
  ],
  ['$elemMatch does not match a scalar', { v: { $elemMatch: { $eq: 1 } } }, [1, 2, 10], 'operator/query/elemMatch'],
  ['$elemMatch with $or', { v: { $elemMatch: { $or: [{ c: 1 }, { b: 2 }] } } }, [4, 5, 11], 'operator/query/elemMatch'],
  ['$elemMatch with $ne', { v: { $elemMatch: { a: { $ne: 1 } } } }, [3, 4, 11], 'operator/query/elemMatch'],
  ['$elemMatch needs an object', { v: { $elemMatch: 1 } }, 2, 'operator/query/elemMatch'],
  ['$not $elemMatch', { v: { $not: { $elemMatch: { $eq: 1 } } } }, [3, 4, 5, 6, 7, 8, 9, 11], 'operator/query/not'],
  ['an element of an array', { v: 3 }, [1, 2, 3], 'operator/query/eq'],
  ['a nested array as an element', { v: [1, 2] }, [3], 'operator/query/eq'],
  ['a document as an element', { v: { a: 1, b: 2 } }, [5], 'operator/query/eq'],
  ['$gt of an array compares whole arrays', { v: { $gte: [3, 2, 1] } }, [2, 3, 4, 5, 11], 'bson-type-comparison-order'],
  ['$in expands arrays', { v: { $in: [3] } }, [1, 2, 3], 'operator/query/in'],
  ['$exists on an empty array', { v: { $exists: true, $size: 0 } }, [7], 'operator/query/exists'],
]);

const paths = queries('operator/query/elemMatch', lists, [
  ['a dotted path matches in every element', { 'v.a': 2 }, [4]],
  ['a dotted path also matches a document outside an array', { 'v.a': 1 }, [4, 5, 8]],
  ['different elements can meet conditions on a dotted path', { 'v.a': 1, 'v.b': 2 }, [4, 5]],
  ['a position', { 'v.0': 1 }, [1]],
  ['a position does not expand the inner array', { 'v.0': 2 }, []],
  ['a position matches the inner array', { 'v.0': [1, 2] }, [3]],
  ['two positions', { 'v.0.1': 2 }, [3]],
  ['a position and a field', { 'v.1.a': 2 }, [4]],
  ['$exists on a position', { 'v.2': { $exists: true } }, [1, 2], 'operator/query/exists'],
  ['$exists on a dotted path', { 'v.c': { $exists: true } }, [11], 'operator/query/exists'],
  [
    '$exists false on a dotted path',
    { 'v.a': { $exists: false } },
    [1, 2, 3, 6, 7, 9, 10, 11],
    'operator/query/exists',
  ],
  ['$ne on a dotted path', { 'v.a': { $ne: 1 } }, [1, 2, 3, 6, 7, 9, 10, 11], 'operator/query/ne'],
  ['$in on a dotted path', { 'v.b': { $in: [2, 5] } }, [4, 5], 'operator/query/in'],
  ['$type on a dotted path', { 'v.a': { $type: 'int' } }, [4, 5, 8], 'operator/query/type'],
]);

const missing = queries(
  'operator/query/eq',
  [
    { a: { b: null } },
    { a: { b: 1 } },
    { a: 5 },
    { a: [] },
    { a: [1, 2] },
    { a: [{ b: 1 }, { c: 1 }] },
    {},
    { a: [{ b: 1 }] },
    { a: null },
  ],
  [
    [
      'a dotted null matches scalars and missing fields, but not arrays without documents',
      { 'a.b': null },
      [1, 3, 6, 7, 9],
    ],
    ['a dotted $exists', { 'a.b': { $exists: true } }, [1, 2, 6, 8], 'operator/query/exists'],
    ['a dotted $ne null', { 'a.b': { $ne: null } }, [2, 4, 5, 8], 'operator/query/ne'],
    ['a dotted $in with null', { 'a.b': { $in: [null] } }, [1, 3, 6, 7, 9], 'operator/query/in'],
    ['$not of a dotted value', { 'a.b': { $not: { $eq: 1 } } }, [1, 3, 4, 5, 7, 9], 'operator/query/not'],
    ['$elemMatch with null', { a: { $elemMatch: { b: null } } }, [6], 'operator/query/elemMatch'],
  ],
);

export const arrayCases = [...arrays, ...paths, ...missing];
