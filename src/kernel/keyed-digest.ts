import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Key, Keys, KeyPurpose } from './keys.js';

/** Keyed digests of texts: they recognize a text that comes again, and reveal nothing of it. */
export interface KeyedDigests {
  of(text: string): string;
  /** Whether a digest is that of a text, under the current key or the previous one. */
  isOf(digest: string, text: string): boolean;
}

/** Creates digests for one purpose; each begins with the id of its key. */
export function createKeyedDigests(keys: Keys, purpose: KeyPurpose): KeyedDigests {
  const { current, all } = keys.for(purpose);

  function make({ id, secret }: Key, text: string): string {
    return `${id}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  }

  return {
    of: (text) => make(current, text),
    isOf(digest, text) {
      const key = all.find(({ id }) => digest.startsWith(`${id}.`));
      if (!key) return false;
      const expected = Buffer.from(make(key, text));
      const given = Buffer.from(digest);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
