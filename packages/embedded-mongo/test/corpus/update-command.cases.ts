import type { Case } from './case.js';

const page = 'command/update';
const two = [{ n: 1 }, { n: 2 }];
const upsert = (q: object, u: unknown, more: object = {}) => ({
  update: 'c',
  updates: [{ q, u, upsert: true, ...more }],
});
const unique = { key: { u: 1 }, name: 'u_1', unique: true };

export const updateCommandCases: Case[] = [
  {
    name: 'reports matched and modified documents',
    page,
    docs: two,
    run: { update: 'c', updates: [{ q: {}, u: { $set: { n: 1 } }, multi: true }] },
    reply: { n: 2, nModified: 1 },
  },
  {
    name: 'updates one document without multi',
    page,
    docs: [{ k: 1 }, { k: 1 }],
    run: { update: 'c', updates: [{ q: { k: 1 }, u: { $inc: { k: 1 } } }] },
    reply: { n: 1, nModified: 1 },
  },
  {
    name: 'no match',
    page,
    docs: two,
    run: { update: 'c', updates: [{ q: { n: 9 }, u: { $set: { n: 1 } } }] },
    reply: { n: 0, nModified: 0 },
  },
  {
    name: 'an upsert uses the equalities of its query',
    page,
    run: upsert({ _id: 7, a: 1, 'b.c': { $eq: 2 }, d: { $gt: 5 } }, { $set: { e: 1 } }),
    after: [{ _id: 7, a: 1, b: { c: 2 }, e: 1 }],
  },
  {
    name: 'an upsert reports the _id',
    page,
    run: upsert({ _id: 7 }, { $set: { e: 1 } }),
    reply: { n: 1, 'upserted.0._id': 7, 'upserted.0.index': 0, nModified: 0 },
  },
  {
    name: '$setOnInsert on an insert',
    page: 'operator/update/setOnInsert',
    run: upsert({ _id: 7 }, { $setOnInsert: { a: 1 }, $inc: { n: 1 } }),
    after: [{ _id: 7, a: 1, n: 1 }],
  },
  {
    name: '$setOnInsert on an update',
    page: 'operator/update/setOnInsert',
    docs: [{ n: 1 }],
    run: upsert({ _id: 1 }, { $setOnInsert: { a: 1 }, $inc: { n: 1 } }),
    after: [{ _id: 1, n: 2 }],
  },
  {
    name: 'an upsert inserts a field that begins with $',
    page: '../core/dot-dollar-considerations/dollar-prefix',
    run: upsert({ _id: 7 }, { $set: { $a: 1 } }),
    after: [{ _id: 7, $a: 1 }],
  },
  {
    name: 'an update of a top-level field that begins with $',
    page: '../core/dot-dollar-considerations/dollar-prefix',
    docs: [{ $a: 1 }],
    run: upsert({ _id: 1 }, { $set: { $a: 2 } }),
    code: 52,
  },
  {
    name: 'an update of an embedded field that begins with $',
    page: '../core/dot-dollar-considerations/dollar-prefix',
    docs: [{ a: { $b: 1 } }],
    run: upsert({ _id: 1 }, { $set: { 'a.$b': 2 } }),
    after: [{ _id: 1, a: { $b: 2 } }],
  },
  { name: 'an upsert of a replacement', page, run: upsert({ _id: 7, a: 1 }, { b: 2 }), after: [{ _id: 7, b: 2 }] },
  {
    name: 'an upsert with $and',
    page,
    run: upsert({ $and: [{ _id: 7 }, { a: 1 }] }, { $set: { b: 2 } }),
    after: [{ _id: 7, a: 1, b: 2 }],
  },
  {
    name: 'an upsert with $in of one value',
    page,
    run: upsert({ _id: { $in: [7] } }, { $set: { b: 2 } }),
    after: [{ _id: 7, b: 2 }],
  },
  {
    name: 'an upsert with a pipeline',
    page,
    run: upsert({ _id: 7 }, [{ $set: { n: { $add: [{ $ifNull: ['$n', 0] }, 1] } } }]),
    after: [{ _id: 7, n: 1 }],
  },
  {
    name: 'an upsert whose query has a field twice',
    page,
    run: upsert({ a: 1, $and: [{ a: 2 }] }, { $set: { b: 2 } }),
    code: 54,
  },
  {
    name: 'an upsert of a sibling of the query field',
    page,
    run: upsert({ _id: 7, 'a.b': 1 }, { $set: { 'a.c': 2 } }),
    after: [{ _id: 7, a: { b: 1, c: 2 } }],
  },
  { name: 'an upsert with $push', page, run: upsert({ _id: 7 }, { $push: { l: 1 } }), after: [{ _id: 7, l: [1] }] },
  {
    name: 'an upsert with $pull creates no array',
    page,
    run: upsert({ _id: 7 }, { $pull: { l: 1 } }),
    after: [{ _id: 7 }],
  },
  {
    name: 'an upsert of an existing unique key',
    page,
    docs: [{ u: 1 }],
    indexes: [unique],
    run: upsert({ x: 1 }, { $set: { u: 1 } }),
    code: 11000,
  },
  {
    name: 'ordered statements stop at the first error',
    page,
    docs: two,
    run: {
      update: 'c',
      updates: [
        { q: { _id: 1 }, u: { $set: { n: 5 } } },
        { q: { _id: 1 }, u: { $inc: { n: 'x' } } },
        { q: { _id: 2 }, u: { $set: { n: 5 } } },
      ],
    },
    code: 14,
    after: [
      { _id: 1, n: 5 },
      { _id: 2, n: 2 },
    ],
  },
  {
    name: 'unordered statements continue after an error',
    page,
    docs: two,
    run: {
      update: 'c',
      ordered: false,
      updates: [
        { q: { _id: 1 }, u: { $inc: { n: 'x' } } },
        { q: { _id: 2 }, u: { $set: { n: 5 } } },
      ],
    },
    code: 14,
    after: [
      { _id: 1, n: 1 },
      { _id: 2, n: 5 },
    ],
  },
  {
    name: 'a hint',
    page,
    docs: two,
    indexes: [{ key: { n: 1 }, name: 'n_1' }],
    run: { update: 'c', updates: [{ q: { n: 2 }, u: { $set: { n: 3 } }, hint: 'n_1' }] },
    after: [
      { _id: 1, n: 1 },
      { _id: 2, n: 3 },
    ],
  },
  {
    name: '$currentDate sets a date',
    page: 'operator/update/currentDate',
    docs: [{}],
    run: [
      { update: 'c', updates: [{ q: {}, u: { $currentDate: { d: true } } }] },
      { find: 'c', filter: { d: { $type: 'date' } } },
    ],
    ids: [1],
  },
  {
    name: '$currentDate sets a timestamp',
    page: 'operator/update/currentDate',
    docs: [{}],
    run: [
      { update: 'c', updates: [{ q: {}, u: { $currentDate: { d: { $type: 'timestamp' } } } }] },
      { find: 'c', filter: { d: { $type: 'timestamp' } } },
    ],
    ids: [1],
  },
];
