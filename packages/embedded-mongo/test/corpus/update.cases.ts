import { fails, updates } from './case.js';
import { date, decimal, double, long } from './values.js';

const set = updates('set', [
  ['$set changes a field', { a: 1 }, { $set: { a: 2 } }, { a: 2 }],
  ['$set adds fields in the order of their names', { a: 1 }, { $set: { z: 1, b: 2 } }, { a: 1, b: 2, z: 1 }],
  ['$set creates embedded documents', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
  ['$set into an embedded document', { a: { b: 1 } }, { $set: { 'a.c': 2 } }, { a: { b: 1, c: 2 } }],
  ['$set at a position', { a: [1, 2] }, { $set: { 'a.1': 5 } }, { a: [1, 5] }],
  ['$set past the end pads with null', { a: [1] }, { $set: { 'a.3': 5 } }, { a: [1, null, null, 5] }],
  ['$set through a scalar', { a: 1 }, { $set: { 'a.b': 2 } }, fails(28)],
  ['$set through null', { a: null }, { $set: { 'a.b': 2 } }, fails(28)],
  ['$set of a name in an array', { a: [1] }, { $set: { 'a.b': 2 } }, fails(28)],
  ['$set of the same _id', { a: 1 }, { $set: { _id: 1, a: 2 } }, { a: 2 }],
  ['$set of another _id', { a: 1 }, { $set: { _id: 2 } }, fails(66)],
  ['$set keeps the numeric type it is given', { a: 1 }, { $set: { a: double(2) } }, { a: double(2) }],
  ['$set without fields', { a: 1 }, { $set: {} }, { a: 1 }],
  ['$set of a number', { a: 1 }, { $set: 5 }, fails(9)],
  ['$set of an empty path', { a: 1 }, { $set: { '': 1 } }, fails(56)],
  ['$set of a path with an empty part', { a: 1 }, { $set: { 'a..b': 1 } }, fails(56)],
  ['an unknown operator', { a: 1 }, { $nope: { a: 1 } }, fails(9)],
  ['two changes of one path', { a: 1 }, { $set: { a: 1 }, $inc: { a: 1 } }, fails(40)],
  ['a path and one inside it', { a: {} }, { $set: { a: 1, 'a.b': 1 } }, fails(40)],
  ['siblings do not conflict', { a: {} }, { $set: { 'a.b': 1 }, $inc: { 'a.c': 1 } }, { a: { b: 1, c: 1 } }],
]);

const fields = [
  ...updates('unset', [
    ['$unset removes a field', { a: 1, b: 2 }, { $unset: { a: '' } }, { b: 2 }],
    ['$unset of a missing field', { b: 2 }, { $unset: { a: 1 } }, { b: 2 }],
    ['$unset of an element leaves null', { a: [1, 2] }, { $unset: { 'a.0': 1 } }, { a: [null, 2] }],
    ['$unset in an embedded document', { a: { b: 1, c: 2 } }, { $unset: { 'a.b': 1 } }, { a: { c: 2 } }],
    ['$unset through a scalar changes nothing', { a: 1 }, { $unset: { 'a.b': 1 } }, { a: 1 }],
  ]),
  ...updates('inc', [
    ['$inc adds', { a: 1 }, { $inc: { a: 2 } }, { a: 3 }],
    ['$inc of a missing field sets it', {}, { $inc: { a: 2 } }, { a: 2 }],
    ['$inc by a negative number', { a: 1 }, { $inc: { a: -3 } }, { a: -2 }],
    ['$inc of an int by a double', { a: 1 }, { $inc: { a: 0.5 } }, { a: 1.5 }],
    ['$inc keeps a long', { a: long(1) }, { $inc: { a: 1 } }, { a: long(2) }],
    ['$inc of an int by a long', { a: 1 }, { $inc: { a: long(1) } }, { a: long(2) }],
    ['$inc of an int overflows to a long', { a: 2147483647 }, { $inc: { a: 1 } }, { a: long(2147483648) }],
    ['$inc overflows a long', { a: long('9223372036854775807') }, { $inc: { a: 1 } }, fails(2)],
    ['$inc of a decimal', { a: decimal('1.10') }, { $inc: { a: decimal('2.2') } }, { a: decimal('3.30') }],
    ['$inc of null', { a: null }, { $inc: { a: 1 } }, fails(14)],
    ['$inc of a string', { a: 'x' }, { $inc: { a: 1 } }, fails(14)],
    ['$inc by a string', { a: 1 }, { $inc: { a: 'x' } }, fails(14)],
    ['$inc in an embedded document', { a: { b: 1 } }, { $inc: { 'a.b': 1 } }, { a: { b: 2 } }],
    ['$inc of an element', { a: [1, 2] }, { $inc: { 'a.1': 1 } }, { a: [1, 3] }],
  ]),
  ...updates('mul', [
    ['$mul', { a: 3 }, { $mul: { a: 2 } }, { a: 6 }],
    ['$mul of a missing field sets zero', {}, { $mul: { a: 2 } }, { a: 0 }],
    ['$mul of a missing field by a long sets a long zero', {}, { $mul: { a: long(2) } }, { a: long(0) }],
    ['$mul by a double', { a: 3 }, { $mul: { a: 0.5 } }, { a: 1.5 }],
    ['$mul of an int overflows to a long', { a: 2000000000 }, { $mul: { a: 2 } }, { a: long(4000000000) }],
    ['$mul of a string', { a: 'x' }, { $mul: { a: 2 } }, fails(14)],
  ]),
  ...updates('max', [
    ['$max sets a larger value', { a: 1 }, { $max: { a: 5 } }, { a: 5 }],
    ['$max keeps a larger value', { a: 9 }, { $max: { a: 5 } }, { a: 9 }],
    ['$max of a missing field', {}, { $max: { a: 5 } }, { a: 5 }],
    ['$max keeps an equal number of another type', { a: 5 }, { $max: { a: double(5) } }, { a: 5 }],
    ['$max compares across types', { a: 5 }, { $max: { a: 'x' } }, { a: 'x' }],
    ['$max of dates', { a: date('2024-01-01') }, { $max: { a: date('2025-01-01') } }, { a: date('2025-01-01') }],
  ]),
  ...updates('min', [
    ['$min sets a smaller value', { a: 5 }, { $min: { a: 1 } }, { a: 1 }],
    ['$min keeps a smaller value', { a: 1 }, { $min: { a: 5 } }, { a: 1 }],
    ['$min of a missing field', {}, { $min: { a: 5 } }, { a: 5 }],
    ['$min with null', { a: 5 }, { $min: { a: null } }, { a: null }],
  ]),
  ...updates('rename', [
    ['$rename', { a: 1, b: 2 }, { $rename: { a: 'c' } }, { b: 2, c: 1 }],
    ['$rename over another field', { a: 1, b: 2 }, { $rename: { a: 'b' } }, { b: 1 }],
    ['$rename of a missing field', { b: 2 }, { $rename: { a: 'c' } }, { b: 2 }],
    ['$rename into an embedded document', { a: 1 }, { $rename: { a: 'b.c' } }, { b: { c: 1 } }],
    ['$rename needs a string', { a: 1 }, { $rename: { a: 1 } }, fails(2)],
    ['$rename out of an array', { a: [{ b: 1 }] }, { $rename: { 'a.0.b': 'c' } }, fails(2)],
  ]),
  ...updates('bit', [
    ['$bit and', { a: 13 }, { $bit: { a: { and: 10 } } }, { a: 8 }],
    ['$bit or', { a: 3 }, { $bit: { a: { or: 5 } } }, { a: 7 }],
    ['$bit xor', { a: 1 }, { $bit: { a: { xor: 5 } } }, { a: 4 }],
    ['$bit with a long', { a: 1 }, { $bit: { a: { or: long(2) } } }, { a: long(3) }],
    ['$bit of a double', { a: 1.5 }, { $bit: { a: { or: 2 } } }, fails(2)],
  ]),
];

const replacement = updates('replaceOne', [
  ['a replacement keeps _id', { a: 1 }, { b: 2 }, { b: 2 }],
  ['a replacement with the same _id', { a: 1 }, { b: 2, _id: 1 }, { b: 2 }],
  ['a replacement with another _id', { a: 1 }, { _id: 2, b: 2 }, fails(66)],
  ['an empty replacement', { a: 1 }, {}, {}],
  ['a replacement of many', { a: 1 }, { b: 2 }, fails(9), { multi: true }],
]).map((test) => ({ ...test, page: 'method/db.collection.replaceOne' }));

const pipeline = updates('set', [
  ['a pipeline computes from fields', { a: 1, b: 2 }, [{ $set: { c: { $add: ['$a', '$b'] } } }], { a: 1, b: 2, c: 3 }],
  [
    'a stage sees the result of the one before',
    { a: 1 },
    [{ $set: { b: '$a' } }, { $set: { c: '$b' } }],
    { a: 1, b: 1, c: 1 },
  ],
  ['a pipeline unsets', { a: 1, b: 2 }, [{ $unset: 'a' }], { b: 2 }],
  ['a pipeline replaces and keeps _id', { a: { x: 1 } }, [{ $replaceWith: '$a' }], { x: 1 }],
  ['a pipeline projects', { a: 1, b: 2 }, [{ $project: { b: 1 } }], { b: 2 }],
  ['$$REMOVE removes a field', { a: 1, b: 2 }, [{ $set: { a: '$$REMOVE' } }], { b: 2 }],
  ['$$NOW is a date', { a: 1 }, [{ $set: { a: { $type: '$$NOW' } } }], { a: 'date' }],
  ['a pipeline cannot match', { a: 1 }, [{ $match: { a: 1 } }], fails(72)],
  ['a pipeline cannot change _id', { a: 1 }, [{ $set: { _id: 5 } }], fails(66)],
  ['a constant with let', { a: 1 }, [{ $set: { a: '$$v' } }], { a: 7 }, { c: { v: 7 } }],
]).map((test) => ({ ...test, page: 'command/update' }));

export const updateCases = [...set, ...fields, ...replacement, ...pipeline];
