import { describe } from 'vitest';
import { double, id, long } from '../corpus/values.js';
import { createTrapTests } from './trap-tests.js';

const { holds, gives, fails, becomes, rejects } = createTrapTests('update_traps');

describe('(8.6) traps: updates', () => {
  rejects('$inc of a string', { a: 'x' }, { $inc: { a: 1 } }, 14);
  rejects('$push to a number', { a: 1 }, { $push: { a: 1 } }, 2);
  rejects('$set through a scalar', { a: 1 }, { $set: { 'a.b': 1 } }, 28);
  becomes('$set of the same _id', {}, { $set: { _id: 1, a: 1 } }, { a: 1 });
  becomes(
    'two positional paths under one array',
    { a: [{ x: 1 }] },
    { $set: { 'a.$.x': 2, 'a.$.y': 3 } },
    { a: [{ x: 2, y: 3 }] },
    { 'a.x': 1 },
  );
  becomes(
    '$ with several paths in the query',
    { a: [1, 2], b: 1 },
    { $set: { 'a.$': 9 } },
    { a: [1, 9], b: 1 },
    { b: 1, a: 2 },
  );
  becomes(
    '$ is the position in the last matched array',
    { a: [1, 2], b: [3, 4, 5] },
    { $set: { 'a.$': 9 } },
    { a: [9, 2], b: [3, 4, 5] },
    { a: 2, b: 3 },
  );
  holds('$setOnInsert', {
    run: { update: 'c', updates: [{ q: { _id: 1 }, u: { $setOnInsert: { a: 1 } }, upsert: true }] },
    after: [{ _id: 1, a: 1 }],
  });
  becomes('$set adds fields in the order of their names', {}, { $set: { b: 1, a: 2 } }, { a: 2, b: 1 });
  becomes('a replacement keeps _id in front', { a: 1 }, { z: 1 }, { z: 1 });
  becomes('a pipeline keeps _id', { a: { b: 1 } }, [{ $replaceWith: '$a' }], { b: 1 });
  holds('an update of many documents changes each once', {
    docs: [{ n: 1 }, { n: 2 }],
    indexes: [{ key: { n: 1 }, name: 'n' }],
    run: { update: 'c', updates: [{ q: { n: { $gt: 0 } }, u: { $inc: { n: 10 } }, multi: true }] },
    after: [
      { _id: 1, n: 11 },
      { _id: 2, n: 12 },
    ],
  });
  becomes(
    'other fields keep their numeric types',
    { a: double(1), b: long(2), c: 3 },
    { $inc: { c: 1 } },
    { a: double(1), b: long(2), c: 4 },
  );
});

describe('(8.6) traps: aggregation', () => {
  gives(
    '$set changes every element',
    [{ l: [{ x: 1 }, { x: 2 }] }],
    [{ $set: { 'l.x': 0 } }],
    [{ _id: 1, l: [{ x: 0 }, { x: 0 }] }],
  );
  gives('$count of no documents returns no document', [{}], [{ $match: { a: 1 } }, { $count: 'n' }], []);
  gives(
    '$push ignores missing values',
    [{}, { v: 1 }],
    [{ $group: { _id: null, l: { $push: '$v' } } }],
    [{ _id: null, l: [1] }],
  );
  gives(
    '$type returns objectId',
    [{ v: id('1') }],
    [{ $project: { _id: 0, t: { $type: '$v' } } }],
    [{ t: 'objectId' }],
  );
  gives('$toObjectId', [{}], [{ $project: { _id: { $toObjectId: '000000000000000000000001' } } }], [{ _id: id('1') }]);
  fails('$size of a missing field is an error', [{}], [{ $project: { n: { $size: '$x' } } }], 17124);
  gives(
    '$toLower of null is an empty string',
    [{ v: null }],
    [{ $project: { _id: 0, t: { $toLower: '$v' } } }],
    [{ t: '' }],
  );
  gives('a position is not a path of an expression', [{ a: [1] }], [{ $project: { _id: 0, v: '$a.0' } }], [{ v: [] }]);
  holds('_id comes first', {
    docs: [{ b: 1 }],
    run: {
      aggregate: 'c',
      pipeline: [{ $project: { b: 1 } }, { $project: { l: { $objectToArray: '$$ROOT' }, _id: 0 } }],
      cursor: {},
    },
    gives: [
      {
        l: [
          { k: '_id', v: 1 },
          { k: 'b', v: 1 },
        ],
      },
    ],
  });
  fails('$bucket is rejected', [{}], [{ $bucket: { groupBy: '$a', boundaries: [0, 1] } }], 40324);
  fails('$setWindowFields is rejected', [{}], [{ $setWindowFields: { output: {} } }], 40324);
  fails('a change stream is rejected', [{}], [{ $changeStream: {} }], 40573);
});
