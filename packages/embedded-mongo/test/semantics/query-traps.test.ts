import { describe } from 'vitest';
import { binary, date, decimal, id, long, maxKey, minKey, regex } from '../corpus/values.js';
import { createTrapTests } from './trap-tests.js';

const { holds, finds } = createTrapTests('query_traps');

describe('(8.6) traps: queries', () => {
  finds(
    'a range matches longs and decimals',
    [{ v: long(1) }, { v: decimal('1') }, { v: 1 }],
    { v: { $gt: 0 } },
    [1, 2, 3],
  );
  finds('1 equals the decimal 1', [{ v: decimal('1') }], { v: 1 }, [1]);
  finds('$gte null matches missing fields', [{}, { v: null }, { v: 1 }], { v: { $gte: null } }, [1, 2]);
  finds('$expr distinguishes null from missing', [{}, { v: null }], { $expr: { $eq: ['$v', null] } }, [2]);
  finds('$expr does not expand arrays', [{ v: [1] }, { v: 1 }], { $expr: { $eq: ['$v', 1] } }, [2]);
  finds(
    '$elemMatch of a field does not match a scalar element',
    [{ a: [1] }, { a: [{ b: 1 }] }],
    { a: { $elemMatch: { b: 1 } } },
    [2],
  );
  finds('$all matches a scalar', [{ v: 1 }], { v: { $all: [1] } }, [1]);
  finds('$size on a dotted path through an array', [{ a: [{ l: [1] }, { l: [] }] }], { 'a.l': { $size: 1 } }, [1]);
  finds(
    '$exists on a dotted path through an array',
    [{ a: [{ b: 1 }, {}] }, { a: [{}] }],
    { 'a.b': { $exists: true } },
    [1],
  );
  finds('$type objectId', [{ v: id('1') }], { v: { $type: 'objectId' } }, [1]);
  finds('$type binData', [{ v: binary('x') }], { v: { $type: 'binData' } }, [1]);
  finds('$type minKey', [{ v: minKey }], { v: { $type: 'minKey' } }, [1]);
  finds('$type expands arrays', [{ v: ['x'] }], { v: { $type: 'string' } }, [1]);
  finds('NaN is in no range', [{ v: NaN }], { v: { $lt: 5 } }, []);
  finds('the field order of an embedded document counts', [{ v: { a: 1, b: 2 } }], { v: { b: 2, a: 1 } }, []);
  finds('the element order of an array counts', [{ v: [1, 2] }], { v: [2, 1] }, []);
  finds('an equal regular expression matches a stored one', [{ v: regex('^x') }], { v: regex('^x') }, [1]);
  finds(
    'a stored pattern that JavaScript does not support does not fail a query',
    [{ v: regex('a++b') }, { n: 1 }],
    { n: 1 },
    [2],
  );
  finds('a pattern matches strings', [{ v: 'abc' }], { v: regex('b') }, [1]);
  finds('$eq of a pattern does not match strings', [{ v: 'abc' }, { v: regex('b') }], { v: { $eq: regex('b') } }, [2]);
  finds('a position does not expand the array there', [{ v: [[1, 2]] }], { 'v.0': 1 }, []);
  finds('$elemMatch $eq does not expand inner arrays', [{ v: [[1, 2]] }], { v: { $elemMatch: { $eq: 1 } } }, []);
  finds('a dotted null', [{ a: 1 }, { a: [1] }, { a: [] }, { a: [{}] }], { 'a.b': null }, [1, 4]);
  for (const op of ['$ne', '$gt']) {
    holds(`${op} takes no pattern`, { docs: [{}], run: { find: 'c', filter: { v: { [op]: regex('x') } } }, code: 2 });
  }
  finds('a pattern works on code points', [{ v: '😀' }], { v: regex('^.$') }, [1]);
  finds('a pattern with an inline flag', [{ v: 'ABC' }], { v: regex('(?i)abc') }, [1]);
  finds('a pattern with the flag x', [{ v: 'abc' }], { v: regex('a b c # all', 'x') }, [1]);
});

describe('(8.6) traps: order', () => {
  const all = [
    maxKey,
    regex('a'),
    date('2024-01-01'),
    true,
    id('1'),
    binary('x'),
    [[1]],
    { a: 1 },
    'a',
    1,
    null,
    [],
    minKey,
  ];
  holds('types sort in MongoDB’s order', {
    docs: all.map((v) => ({ v })),
    run: { find: 'c', sort: { v: 1 }, projection: { _id: 1 } },
    gives: all.map((_, at) => ({ _id: all.length - at })),
  });
  holds('null and missing sort as equal', {
    docs: [{ v: null }, {}, { v: null }],
    run: { find: 'c', sort: { v: 1, _id: -1 }, projection: { _id: 1 } },
    gives: [{ _id: 3 }, { _id: 2 }, { _id: 1 }],
  });
  for (const indexes of [[], [{ key: { v: 1 }, name: 'v' }]]) {
    holds(`strings by their UTF-8 bytes${indexes.length ? ', by an index' : ''}`, {
      docs: [{ v: '😀' }, { v: '\uff01' }],
      indexes,
      run: { find: 'c', sort: { v: 1 }, projection: { _id: 1 } },
      gives: [{ _id: 2 }, { _id: 1 }],
    });
  }
});
