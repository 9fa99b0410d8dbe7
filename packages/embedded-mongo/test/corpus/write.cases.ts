import type { Case } from './case.js';
import { double } from './values.js';

const page = 'command/update';
const two = [{ n: 1 }, { n: 2 }];
const upsert = (q: object, u: unknown, more: object = {}) => ({
  update: 'c',
  updates: [{ q, u, upsert: true, ...more }],
});
const unique = { key: { u: 1 }, name: 'u_1', unique: true };

const updating: Case[] = [
  {
    name: 'counts of what matched and what changed',
    page,
    docs: two,
    run: { update: 'c', updates: [{ q: {}, u: { $set: { n: 1 } }, multi: true }] },
    reply: { n: 2, nModified: 1 },
  },
  {
    name: 'one document unless multi',
    page,
    docs: [{ k: 1 }, { k: 1 }],
    run: { update: 'c', updates: [{ q: { k: 1 }, u: { $inc: { k: 1 } } }] },
    reply: { n: 1, nModified: 1 },
  },
  {
    name: 'nothing matched',
    page,
    docs: two,
    run: { update: 'c', updates: [{ q: { n: 9 }, u: { $set: { n: 1 } } }] },
    reply: { n: 0, nModified: 0 },
  },
  {
    name: 'an upsert takes the equalities of its query',
    page,
    run: upsert({ _id: 7, a: 1, 'b.c': { $eq: 2 }, d: { $gt: 5 } }, { $set: { e: 1 } }),
    after: [{ _id: 7, a: 1, b: { c: 2 }, e: 1 }],
  },
  {
    name: 'an upsert tells the _id',
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
    name: 'an upsert inserts a field with a dollar',
    page: '../core/dot-dollar-considerations/dollar-prefix',
    run: upsert({ _id: 7 }, { $set: { $a: 1 } }),
    after: [{ _id: 7, $a: 1 }],
  },
  {
    name: 'an update of a field with a dollar at the top',
    page: '../core/dot-dollar-considerations/dollar-prefix',
    docs: [{ $a: 1 }],
    run: upsert({ _id: 1 }, { $set: { $a: 2 } }),
    code: 52,
  },
  {
    name: 'an update of a field with a dollar inside a document',
    page: '../core/dot-dollar-considerations/dollar-prefix',
    docs: [{ a: { $b: 1 } }],
    run: upsert({ _id: 1 }, { $set: { 'a.$b': 2 } }),
    after: [{ _id: 1, a: { $b: 2 } }],
  },
  { name: 'an upsert of a replacement', page, run: upsert({ _id: 7, a: 1 }, { b: 2 }), after: [{ _id: 7, b: 2 }] },
  {
    name: 'an upsert by $and',
    page,
    run: upsert({ $and: [{ _id: 7 }, { a: 1 }] }, { $set: { b: 2 } }),
    after: [{ _id: 7, a: 1, b: 2 }],
  },
  {
    name: 'an upsert by one value of $in',
    page,
    run: upsert({ _id: { $in: [7] } }, { $set: { b: 2 } }),
    after: [{ _id: 7, b: 2 }],
  },
  {
    name: 'an upsert by a pipeline',
    page,
    run: upsert({ _id: 7 }, [{ $set: { n: { $add: [{ $ifNull: ['$n', 0] }, 1] } } }]),
    after: [{ _id: 7, n: 1 }],
  },
  {
    name: 'an upsert whose query names a field twice',
    page,
    run: upsert({ a: 1, $and: [{ a: 2 }] }, { $set: { b: 2 } }),
    code: 54,
  },
  {
    name: 'an upsert with a sibling of the query',
    page,
    run: upsert({ _id: 7, 'a.b': 1 }, { $set: { 'a.c': 2 } }),
    after: [{ _id: 7, a: { b: 1, c: 2 } }],
  },
  { name: 'an upsert that pushes', page, run: upsert({ _id: 7 }, { $push: { l: 1 } }), after: [{ _id: 7, l: [1] }] },
  {
    name: 'an upsert that pulls makes no array',
    page,
    run: upsert({ _id: 7 }, { $pull: { l: 1 } }),
    after: [{ _id: 7 }],
  },
  {
    name: 'an upsert on a unique key that exists',
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
    name: 'unordered statements go on',
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

const inserting: Case[] = [
  {
    name: 'insert counts',
    page: 'command/insert',
    run: { insert: 'c', documents: [{ _id: 1 }, { _id: 2 }] },
    reply: { n: 2 },
    after: [{ _id: 1 }, { _id: 2 }],
  },
  {
    name: 'an ordered insert stops',
    page: 'command/insert',
    docs: [{}],
    run: { insert: 'c', documents: [{ _id: 2 }, { _id: 1 }, { _id: 3 }] },
    code: 11000,
    reply: { n: 1, 'writeErrors.0.index': 1 },
    after: [{ _id: 1 }, { _id: 2 }],
  },
  {
    name: 'an unordered insert goes on',
    page: 'command/insert',
    docs: [{}],
    run: { insert: 'c', ordered: false, documents: [{ _id: 1 }, { _id: 3 }] },
    code: 11000,
    reply: { n: 1 },
    after: [{ _id: 1 }, { _id: 3 }],
  },
  {
    name: 'an _id of another numeric type is the same',
    page: 'command/insert',
    docs: [{}],
    run: { insert: 'c', documents: [{ _id: double(1) }] },
    code: 11000,
  },
  {
    name: 'an _id that is an array',
    page: 'command/insert',
    run: { insert: 'c', documents: [{ _id: [1] }] },
    code: [53, 2],
  },
  { name: 'an insert of nothing', page: 'command/insert', run: { insert: 'c', documents: [] }, code: 16 },
  {
    name: 'delete one',
    page: 'command/delete',
    docs: two,
    run: { delete: 'c', deletes: [{ q: {}, limit: 1 }] },
    reply: { n: 1 },
  },
  {
    name: 'delete all that match',
    page: 'command/delete',
    docs: two,
    run: { delete: 'c', deletes: [{ q: { n: { $gt: 1 } }, limit: 0 }] },
    reply: { n: 1 },
    after: [{ _id: 1, n: 1 }],
  },
  {
    name: 'a limit of 2',
    page: 'command/delete',
    docs: two,
    run: { delete: 'c', deletes: [{ q: {}, limit: 2 }] },
    code: 9,
  },
];

const fam = 'command/findAndModify';
const modifying: Case[] = [
  {
    name: 'the document before',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 1 }, update: { $inc: { n: 5 } } },
    reply: { value: { _id: 1, n: 1 }, 'lastErrorObject.updatedExisting': true, 'lastErrorObject.n': 1 },
  },
  {
    name: 'the document after',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 1 }, update: { $inc: { n: 5 } }, new: true },
    reply: { value: { _id: 1, n: 6 } },
  },
  {
    name: 'the first by a sort',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: {}, sort: { n: -1 }, update: { $set: { n: 9 } } },
    reply: { 'value._id': 2 },
  },
  {
    name: 'a removal',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 1 }, remove: true },
    reply: { value: { _id: 1, n: 1 } },
    after: [{ _id: 2, n: 2 }],
  },
  {
    name: 'nothing found',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 9 }, update: { $set: { n: 1 } } },
    reply: { value: null },
  },
  {
    name: 'an upsert',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 9 }, update: { $set: { n: 1 } }, upsert: true, new: true },
    reply: { value: { _id: 9, n: 1 }, 'lastErrorObject.upserted': 9, 'lastErrorObject.updatedExisting': false },
  },
  {
    name: 'an upsert that shows what was',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 9 }, update: { $set: { n: 1 } }, upsert: true },
    reply: { value: null },
  },
  {
    name: 'fields',
    page: fam,
    docs: [{ a: 1, b: 2 }],
    run: { findAndModify: 'c', query: {}, update: { $set: { a: 5 } }, fields: { a: 1, _id: 0 }, new: true },
    reply: { value: { a: 5 } },
  },
  {
    name: 'array filters',
    page: fam,
    docs: [{ l: [1, 2] }],
    run: { findAndModify: 'c', query: {}, update: { $set: { 'l.$[e]': 0 } }, arrayFilters: [{ e: 2 }], new: true },
    reply: { 'value.l': [1, 0] },
  },
  {
    name: 'a pipeline',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 2 }, update: [{ $set: { n: { $add: ['$n', 1] } } }], new: true },
    reply: { 'value.n': 3 },
  },
  {
    name: 'update and remove at once',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: {}, update: { $set: { n: 1 } }, remove: true },
    code: 9,
  },
  { name: 'neither update nor remove', page: fam, docs: two, run: { findAndModify: 'c', query: {} }, code: 9 },
  {
    name: 'new and remove at once',
    page: fam,
    docs: two,
    run: { findAndModify: 'c', query: {}, remove: true, new: true },
    code: 9,
  },
];

export const WRITE_CASES = [...updating, ...inserting, ...modifying];
