import type { Case } from './case.js';
import { double } from './values.js';

const two = [{ n: 1 }, { n: 2 }];

export const insertDeleteCases: Case[] = [
  {
    name: 'insert reports the count',
    page: 'command/insert',
    run: { insert: 'c', documents: [{ _id: 1 }, { _id: 2 }] },
    reply: { n: 2 },
    after: [{ _id: 1 }, { _id: 2 }],
  },
  {
    name: 'an ordered insert stops at the first error',
    page: 'command/insert',
    docs: [{}],
    run: { insert: 'c', documents: [{ _id: 2 }, { _id: 1 }, { _id: 3 }] },
    code: 11000,
    reply: { n: 1, 'writeErrors.0.index': 1 },
    after: [{ _id: 1 }, { _id: 2 }],
  },
  {
    name: 'an unordered insert continues after an error',
    page: 'command/insert',
    docs: [{}],
    run: { insert: 'c', ordered: false, documents: [{ _id: 1 }, { _id: 3 }] },
    code: 11000,
    reply: { n: 1 },
    after: [{ _id: 1 }, { _id: 3 }],
  },
  {
    name: 'an equal _id of another numeric type is a duplicate',
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
  { name: 'an insert without documents', page: 'command/insert', run: { insert: 'c', documents: [] }, code: 16 },
  {
    name: 'deletes one document',
    page: 'command/delete',
    docs: two,
    run: { delete: 'c', deletes: [{ q: {}, limit: 1 }] },
    reply: { n: 1 },
  },
  {
    name: 'deletes all matching documents',
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
