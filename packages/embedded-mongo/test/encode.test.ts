import { deserialize, ObjectId } from 'bson';
import { expect, it } from 'vitest';
import { encode } from '../src/bson/encode.js';

it('encodes documents of every size whole, wherever its buffer has to grow', () => {
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
