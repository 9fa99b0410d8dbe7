import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keys } from '../../kernel/keys.js';

/** The purpose of a link in a mail. A token for one purpose is not valid for the other. */
export type LinkPurpose = 'verify' | 'reset';

/** Identifies a link of an account. */
export interface LinkClaims {
  userId: string;
  linkId: string;
}

export interface MailTokens {
  make(purpose: LinkPurpose, claims: LinkClaims): string;
  /** The claims of a token; null if this server has not created it for this purpose. */
  read(purpose: LinkPurpose, token: string): LinkClaims | null;
}

const idBytes = 12;
const headBytes = 2 * idBytes;
const tokenBytes = headBytes + 32;

/** Tokens of links in mails: both ids and their HMAC-SHA-256. They are derived from the ids, so none is stored. */
export function createMailTokens(keys: Keys): MailTokens {
  const { current, all } = keys.for('mail-token');

  function macOf(secret: Uint8Array, purpose: LinkPurpose, head: Buffer): Buffer {
    return createHmac('sha256', secret).update(purpose).update('\0').update(head).digest();
  }

  return {
    make(purpose, { userId, linkId }) {
      const head = Buffer.from(userId + linkId, 'hex');
      return Buffer.concat([head, macOf(current.secret, purpose, head)]).toString('base64url');
    },
    read(purpose, token) {
      const bytes = Buffer.from(token, 'base64url');
      if (bytes.length !== tokenBytes || bytes.toString('base64url') !== token) return null;
      const head = bytes.subarray(0, headBytes);
      const mac = bytes.subarray(headBytes);
      if (!all.some(({ secret }) => timingSafeEqual(macOf(secret, purpose, head), mac))) return null;
      return { userId: head.toString('hex', 0, idBytes), linkId: head.toString('hex', idBytes) };
    },
  };
}
