import type { Case, Document } from './case.js';

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
      '$slice from a position',
      { _id: 0, a: 0, b: 0, m: 0, l: { $slice: [1, 2] } },
      { l: [2, 3] },
      'operator/projection/slice',
    ],
    ['$elemMatch', { _id: 0, m: { $elemMatch: { x: 2 } } }, { m: [{ x: 2, y: 2 }] }, 'operator/projection/elemMatch'],
    ['$elemMatch without a match', { _id: 0, m: { $elemMatch: { x: 9 } } }, {}, 'operator/projection/elemMatch'],
    ['an expression', { _id: 0, n: { $add: ['$a', 1] } }, { n: 2 }],
    ['a field by another name', { _id: 0, n: '$b.c' }, { n: 1 }],
    ['exclusion after inclusion', { a: 1, b: 0 }, 31254],
    ['inclusion after exclusion', { a: 0, b: 1 }, 31253],
    ['$elemMatch on a dotted path', { 'b.c': { $elemMatch: { x: 1 } } }, 31275, 'operator/projection/elemMatch'],
    ['conflicting paths', { b: 1, 'b.c': 1 }, [31249, 31250]],
  ] as const
).map(([name, projection, expected, page = 'method/db.collection.find']): Case => {
  const fails = typeof expected === 'number' || Array.isArray(expected);
  const what = fails ? { code: expected as number | number[] } : { gives: [expected as Document] };
  return { name: `a projection: ${name}`, page, docs: [doc], run: { find: 'c', projection }, ...what };
});

const positionalProjection: Case = {
  name: 'a projection: the matched element',
  page: 'operator/projection/positional',
  docs: [doc],
  run: { find: 'c', filter: { 'm.x': 2 }, projection: { _id: 0, 'm.$': 1 } },
  gives: [{ m: [{ x: 2, y: 2 }] }],
};

export const projectionCases = [...projections, positionalProjection];
