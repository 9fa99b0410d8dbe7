import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from './keys.js';
import { invalidInput } from './problem.js';

export interface Cursors {
  /** Makes the opaque cursor of a place in one list of one person. */
  encode(list: string, userId: string, position: unknown): string;
  /** The place that a cursor stands for; throws `invalid_input` for what was not made for this list and person. */
  decode(list: string, userId: string, cursor: string): unknown;
}

const macBytes = 16;

const foreign = {
  en: 'This cursor was not made for this list. Begin again without one.',
  fr: 'Ce curseur n’a pas été créé pour cette liste. Recommencez sans curseur.',
};

/** Gives cursors that nobody can make, change or use elsewhere: the place and its HMAC-SHA-256, cut to 128 bits. */
export function createCursors(keys: Keys): Cursors {
  const { current, all } = keys.for('cursor');

  function macOf(secret: Buffer, scope: readonly [string, string], place: Buffer): Buffer {
    const mac = createHmac('sha256', secret).update(JSON.stringify(scope)).update(place).digest();
    return mac.subarray(0, macBytes);
  }

  return {
    encode(list, userId, position) {
      const place = Buffer.from(JSON.stringify(position));
      return Buffer.concat([macOf(current.secret, [list, userId], place), place]).toString('base64url');
    },
    decode(list, userId, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      const [mac, place] = [bytes.subarray(0, macBytes), bytes.subarray(macBytes)];
      const isOurs =
        bytes.toString('base64url') === cursor &&
        mac.length === macBytes &&
        all.some(({ secret }) => timingSafeEqual(macOf(secret, [list, userId], place), mac));
      if (!isOurs) throw invalidInput('query.cursor', foreign);
      return JSON.parse(place.toString());
    },
  };
}
