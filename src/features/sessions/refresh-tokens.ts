import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from '../../kernel/keys.js';

/** Which refresh token of which session; `keyId` names the key that made it. */
export interface RefreshClaims {
  sessionId: string;
  counter: number;
  keyId: string;
}

export interface RefreshTokens {
  /** The name of the key that new tokens are made with. */
  readonly keyId: string;
  /** The token that these claims stand for, always the same one; null when its key is not known any more. */
  make(claims: RefreshClaims): string | null;
  /** What a token stands for, or null if this server never made it. */
  read(token: string): RefreshClaims | null;
}

const idBytes = 12;
const counterBytes = 4;
const macBytes = 32;
const tokenBytes = idBytes + counterBytes + macBytes;

/** What is stored of a refresh token. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * Refresh tokens: session id, counter and HMAC-SHA-256 of both. The successor of a token follows from its session and
 * number, so it can be given out again without being stored, and every retired one is recognised however old it is.
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
