import { createHash, hkdfSync } from 'node:crypto';

/** A key for one purpose. `id` names it in signed values and reveals nothing about it. */
export interface Key {
  id: string;
  secret: Buffer;
}

/** The purposes of the secret. Each has its own keys, so that a value signed for one is invalid for another. */
export type KeyPurpose = 'access-token' | 'refresh-token' | 'mail-token' | 'content-digest' | 'cursor' | 'media-link';

export interface Keys {
  /** The key for new values, and all keys that still verify old ones, the current one first. */
  for(purpose: KeyPurpose): { current: Key; all: readonly Key[] };
}

const keyBytes = 32;

function derive(secret: string, purpose: KeyPurpose): Key {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', `causerie ${purpose}`, keyBytes));
  return { id: createHash('sha256').update(`id ${purpose}`).update(bytes).digest('hex').slice(0, 12), secret: bytes };
}

/** Derives the keys of a server from SECRET_KEY and SECRET_KEY_PREVIOUS (HKDF, RFC 5869). */
export function createKeys(secret: string, previous: string | null): Keys {
  const made = new Map<KeyPurpose, { current: Key; all: readonly Key[] }>();
  return {
    for(purpose) {
      const known = made.get(purpose);
      if (known) return known;
      const current = derive(secret, purpose);
      const keys = { current, all: previous === null ? [current] : [current, derive(previous, purpose)] };
      made.set(purpose, keys);
      return keys;
    },
  };
}
