import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from '../../kernel/keys.js';

/** Identifies a refresh token of a session; `keyId` is the id of the key that created it. */
export interface RefreshClaims {
  sessionId: string;
  counter: number;
  keyId: string;
}

export interface RefreshTokens {
  /** The id of the key for new tokens. */
  readonly keyId: string;
  /** The token with these claims, always the same one; null if its key is no longer known. */
  make(claims: RefreshClaims): string | null;
  /** The claims of a token; null if this server has not created it. */
  read(token: string): RefreshClaims | null;
}

const idBytes = 12;
const counterBytes = 4;
const macBytes = 32;
const tokenBytes = idBytes + counterBytes + macBytes;

/** The stored form of a refresh token. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * Refresh tokens: session id, counter and HMAC-SHA-256 of both. The successor of a token is derived from its session and
 * number, so it can be returned again without being stored, and any retired one is recognized however old it is.
 */
export function createRefreshTokens(keys: Keys): RefreshTokens {
  const { current, all } = keys.for('refresh-token');

  function macOf(secret: Uint8Array, head: Buffer): Buffer {
    return createHmac('sha256', secret).update(head).digest();
  }

  return {
    keyId: current.id,
    make({ sessionId, counter, keyId }) {
      const key = all.find(({ id }) => id === keyId);
      if (!key) return null;
      const head = Buffer.alloc(idBytes + counterBytes);
      head.write(sessionId, 'hex');
      head.writeUInt32BE(counter, idBytes);
      return Buffer.concat([head, macOf(key.secret, head)]).toString('base64url');
    },
    read(token) {
      const bytes = Buffer.from(token, 'base64url');
      if (bytes.length !== tokenBytes || bytes.toString('base64url') !== token) return null;
      const head = bytes.subarray(0, idBytes + counterBytes);
      const mac = bytes.subarray(idBytes + counterBytes);
      const key = all.find(({ secret }) => timingSafeEqual(macOf(secret, head), mac));
      if (!key) return null;
      return { sessionId: head.toString('hex', 0, idBytes), counter: head.readUInt32BE(idBytes), keyId: key.id };
    },
  };
}
