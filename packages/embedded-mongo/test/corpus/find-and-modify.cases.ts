import type { Case } from './case.js';

const page = 'command/findAndModify';
const two = [{ n: 1 }, { n: 2 }];

export const findAndModifyCases: Case[] = [
  {
    name: 'returns the document before the update',
    page,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 1 }, update: { $inc: { n: 5 } } },
    reply: { value: { _id: 1, n: 1 }, 'lastErrorObject.updatedExisting': true, 'lastErrorObject.n': 1 },
  },
  {
    name: 'returns the document after the update',
    page,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 1 }, update: { $inc: { n: 5 } }, new: true },
    reply: { value: { _id: 1, n: 6 } },
  },
  {
    name: 'takes the first document in a sort',
    page,
    docs: two,
    run: { findAndModify: 'c', query: {}, sort: { n: -1 }, update: { $set: { n: 9 } } },
    reply: { 'value._id': 2 },
  },
  {
    name: 'a removal',
    page,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 1 }, remove: true },
    reply: { value: { _id: 1, n: 1 } },
    after: [{ _id: 2, n: 2 }],
  },
  {
    name: 'no match',
    page,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 9 }, update: { $set: { n: 1 } } },
    reply: { value: null },
  },
  {
    name: 'an upsert',
    page,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 9 }, update: { $set: { n: 1 } }, upsert: true, new: true },
    reply: { value: { _id: 9, n: 1 }, 'lastErrorObject.upserted': 9, 'lastErrorObject.updatedExisting': false },
  },
  {
    name: 'an upsert that returns the document before',
    page,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 9 }, update: { $set: { n: 1 } }, upsert: true },
    reply: { value: null },
  },
  {
    name: 'fields',
    page,
    docs: [{ a: 1, b: 2 }],
    run: { findAndModify: 'c', query: {}, update: { $set: { a: 5 } }, fields: { a: 1, _id: 0 }, new: true },
    reply: { value: { a: 5 } },
  },
  {
    name: 'array filters',
    page,
    docs: [{ l: [1, 2] }],
    run: { findAndModify: 'c', query: {}, update: { $set: { 'l.$[e]': 0 } }, arrayFilters: [{ e: 2 }], new: true },
    reply: { 'value.l': [1, 0] },
  },
  {
    name: 'a pipeline',
    page,
    docs: two,
    run: { findAndModify: 'c', query: { _id: 2 }, update: [{ $set: { n: { $add: ['$n', 1] } } }], new: true },
    reply: { 'value.n': 3 },
  },
  {
    name: 'update together with remove',
    page,
    docs: two,
    run: { findAndModify: 'c', query: {}, update: { $set: { n: 1 } }, remove: true },
    code: 9,
  },
  { name: 'neither update nor remove', page, docs: two, run: { findAndModify: 'c', query: {} }, code: 9 },
  {
    name: 'new together with remove',
    page,
    docs: two,
    run: { findAndModify: 'c', query: {}, remove: true, new: true },
    code: 9,
  },
];
