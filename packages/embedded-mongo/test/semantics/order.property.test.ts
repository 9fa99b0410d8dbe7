/** Properties of random values: order, keys, negation and union agree. */
import { Decimal128, Double, ObjectId } from 'bson';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Doc, Value } from '../../src/bson/value.js';
import { rootScope } from '../../src/expressions/expression.js';
import { compileQuery } from '../../src/match/compile-query.js';
import { matchesQuery } from '../../src/match/query-node.js';
import { compare } from '../../src/order/compare.js';
import { encodeKey } from '../../src/order/encode-key.js';

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double().map((value) => new Double(value)),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 })
    .map((n) => Decimal128.fromString(String(n))),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: 0, max: 9 }).map((n) => new ObjectId(String(n).repeat(24))),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'c'), scalar, { noNullPrototype: true }),
);
const doc: fc.Arbitrary<Doc> = fc.record({ v: value });
const scope = rootScope(new Date());
const matches = (query: Doc, source: Doc): boolean => matchesQuery(compileQuery(query, scope), source);

it('encoded keys sort like their values', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(Math.sign(compare(a, b)));
    }),
    { numRuns: 3000 },
  );
});

it('$ne, $nin, $not and $nor are the complement of $eq', () => {
  fc.assert(
    fc.property(doc, value, (source, operand) => {
      const found = matches({ v: { $eq: operand } }, source);
      expect(matches({ v: { $ne: operand } }, source)).toBe(!found);
      expect(matches({ v: { $nin: [operand] } }, source)).toBe(!found);
      expect(matches({ v: { $not: { $eq: operand } } }, source)).toBe(!found);
      expect(matches({ $nor: [{ v: { $eq: operand } }] }, source)).toBe(!found);
    }),
  );
});

it('$in is the union of equalities', () => {
  fc.assert(
    fc.property(doc, fc.array(value, { maxLength: 4 }), (source, operands) => {
      const any = operands.some((operand) => matches({ v: { $eq: operand } }, source));
      expect(matches({ v: { $in: operands } }, source)).toBe(any);
    }),
  );
});

it('$gte is the union of $gt and $eq', () => {
  fc.assert(
    fc.property(doc, scalar, (source, operand) => {
      const equal = matches({ v: { $eq: operand } }, source);
      expect(matches({ v: { $gte: operand } }, source)).toBe(matches({ v: { $gt: operand } }, source) || equal);
      expect(matches({ v: { $lte: operand } }, source)).toBe(matches({ v: { $lt: operand } }, source) || equal);
    }),
  );
});
