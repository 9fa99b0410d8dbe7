import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from './keys.js';
import { invalidInput } from './problem.js';

export interface Cursors {
  /** Creates the opaque cursor of a position in one list of one user. */
  encode(list: string, userId: string, position: unknown): string;
  /** The position of a cursor; throws `invalid_input` if it was not created for this list and user. */
  decode(list: string, userId: string, cursor: string): unknown;
  /**
   * The same for a position made of values of these types, in this order; null if there is no cursor. Also throws
   * `invalid_input` for a position of another form.
   */
  place<Place extends readonly unknown[]>(
    list: string,
    userId: string,
    cursor: string | undefined,
    types: readonly ('boolean' | 'number' | 'string')[],
  ): Place | null;
  /** The same for bytes. */
  seal(list: string, userId: string, bytes: Buffer): string;
  /** The bytes of a cursor; throws `invalid_input` at `path`. */
  open(list: string, userId: string, cursor: string, path: string): Buffer;
}

const macBytes = 16;

const otherForm = {
  en: 'This cursor does not belong to this list.',
  fr: 'Ce curseur n’appartient pas à cette liste.',
};
const foreign = {
  en: 'This cursor does not belong to this list. Start again without one.',
  fr: 'Ce curseur n’appartient pas à cette liste. Recommencez sans curseur.',
};

/** Creates cursors that cannot be forged, changed or used elsewhere: the position and its HMAC-SHA-256, cut to 128 bits. */
export function createCursors(keys: Keys): Cursors {
  const { current, all } = keys.for('cursor');

  function macOf(secret: Buffer, scope: readonly [string, string], place: Buffer): Buffer {
    const mac = createHmac('sha256', secret).update(JSON.stringify(scope)).update(place).digest();
    return mac.subarray(0, macBytes);
  }

  function seal(list: string, userId: string, bytes: Buffer): string {
    return Buffer.concat([macOf(current.secret, [list, userId], bytes), bytes]).toString('base64url');
  }

  function open(list: string, userId: string, cursor: string, path: string): Buffer {
    const bytes = Buffer.from(cursor, 'base64url');
    const [mac, place] = [bytes.subarray(0, macBytes), bytes.subarray(macBytes)];
    const isOurs =
      bytes.toString('base64url') === cursor &&
      mac.length === macBytes &&
      all.some(({ secret }) => timingSafeEqual(macOf(secret, [list, userId], place), mac));
    if (!isOurs) throw invalidInput(path, foreign);
    return place;
  }

  const decode = (list: string, userId: string, cursor: string): unknown =>
    JSON.parse(open(list, userId, cursor, 'query.cursor').toString());

  return {
    seal,
    open,
    encode: (list, userId, position) => seal(list, userId, Buffer.from(JSON.stringify(position))),
    decode,
    place<Place extends readonly unknown[]>(
      list: string,
      userId: string,
      cursor: string | undefined,
      types: readonly string[],
    ) {
      if (cursor === undefined) return null;
      const place = decode(list, userId, cursor);
      const isWellFormed = Array.isArray(place) && place.map((one) => typeof one).join() === types.join();
      if (!isWellFormed) throw invalidInput('query.cursor', otherForm);
      return place as unknown as Place;
    },
  };
}
