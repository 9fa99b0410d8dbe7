import { Binary, deserialize, ObjectId } from 'bson';
import { expect, it } from 'vitest';
import { encode } from '../src/bson/encode.js';
import type { Value } from '../src/bson/value.js';
import { encodeKey } from '../src/order/encode-key.js';

it('encodes documents of every size, wherever its buffer has to grow', () => {
  for (const count of [1, 500, 2_000, 20_000]) {
    const list = Array.from({ length: count }, (_, n) => ({
      _id: new ObjectId(),
      n,
      isOdd: n % 2 === 1,
      text: 'x '.repeat(n % 40),
    }));
    expect(deserialize(encode({ list }))).toEqual({ list });
  }
});

/** Returns pairs of values of one type that differ only in their last byte. */
function pairs(length: number): [low: Value, high: Value][] {
  const bytes = Buffer.alloc(length, 7);
  const list = Array.from({ length }, (_, n) => n % 2 === 0);
  return [
    [new Binary(Buffer.concat([bytes, Buffer.of(1)])), new Binary(Buffer.concat([bytes, Buffer.of(2)]))],
    [
      [...list, 'a'],
      [...list, 'b'],
    ],
    [`${'x'.repeat(length)}a`, `${'x'.repeat(length)}b`],
  ];
}

it('encodes keys of every length, wherever its buffer has to grow', () => {
  for (const length of [70_000, 300_000, 1, 500]) {
    for (const [low, high] of pairs(length)) {
      const [first, second] = [encodeKey(low), encodeKey(high)];
      expect([length, Buffer.compare(first, second), encodeKey(low).equals(first)]).toEqual([length, -1, true]);
    }
  }
});
