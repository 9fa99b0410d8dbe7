import { describe } from 'vitest';
import { createTrapTests } from './trap-tests.js';

const { holds, holdsHere } = createTrapTests('index_traps');

describe('(8.6) traps: indexes', () => {
  const sparse = { key: { a: 1, b: 1 }, name: 'ab', unique: true, sparse: true };
  holds('a compound sparse unique index contains documents with any of its fields', {
    docs: [{ a: 1 }],
    indexes: [sparse],
    run: { insert: 'c', documents: [{ _id: 2, a: 1 }] },
    code: 11000,
  });
  holds('a partial unique index ignores documents outside its filter', {
    docs: [{ a: 1 }],
    indexes: [{ key: { a: 1, b: 1 }, name: 'ab', unique: true, partialFilterExpression: { b: { $exists: true } } }],
    run: { insert: 'c', documents: [{ _id: 2, a: 1 }] },
    reply: { n: 1 },
  });
  holds('parallel arrays are rejected', {
    indexes: [{ key: { a: 1, b: 1 }, name: 'ab' }],
    run: { insert: 'c', documents: [{ _id: 1, a: [1], b: [2] }] },
    code: 171,
  });
  holdsHere('a key that is too long is rejected', {
    indexes: [{ key: { a: 1 }, name: 'a' }],
    run: { insert: 'c', documents: [{ _id: 1, a: 'x'.repeat(3000) }] },
    code: 17280,
  });
  holds('an index distinguishes an empty array from null', {
    docs: [{ a: [] }],
    indexes: [{ key: { a: 1 }, name: 'a', unique: true }],
    run: { insert: 'c', documents: [{ _id: 2, a: null }] },
    reply: { n: 1 },
  });
  holds('fields under one array expand together', {
    docs: [
      {
        l: [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      },
    ],
    indexes: [{ key: { 'l.a': 1, 'l.b': 1 }, name: 'ab', unique: true }],
    run: { insert: 'c', documents: [{ _id: 2, l: [{ a: 1, b: 4 }] }] },
    reply: { n: 1 },
  });
  holds('11000 reports key and value', {
    docs: [{ a: 1 }],
    indexes: [{ key: { a: 1 }, name: 'a', unique: true }],
    run: { insert: 'c', documents: [{ _id: 2, a: 1 }] },
    code: 11000,
    reply: { 'writeErrors.0.keyPattern': { a: 1 }, 'writeErrors.0.keyValue': { a: 1 } },
  });
  holdsHere('a collation is rejected', { docs: [{}], run: { find: 'c', collation: { locale: 'en' } }, code: 115 });
});
