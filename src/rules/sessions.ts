/** The fields of a session on which the rules depend. */
interface SessionState {
  counter: number;
  previousHash: string | null;
  rotatedAt: Date | null;
  refreshExpiresAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
}

/** How long the token that was just retired is accepted: a response may be lost, and two tabs may refresh at once. */
const graceMs = 30_000;

/** The number of devices that one user may have signed in. */
export const maxSessions = 20;

/** A session is live until it is ended or expires. */
export function isAlive(row: Pick<SessionState, 'endedAt' | 'expiresAt'>, at: Date): boolean {
  return row.endedAt === null && row.expiresAt > at;
}

/**
 * The meaning of a refresh token that is not the current one: the `repeat` of a refresh whose response was lost, a token
 * that was `reused` after it was retired, or an `invalid` one.
 */
export function verdictOnRetired(
  row: SessionState,
  presented: { counter: number; hash: string },
  at: Date,
): 'repeat' | 'reused' | 'invalid' {
  if (presented.counter >= row.counter) return 'invalid';
  const isInGrace =
    presented.counter === row.counter - 1 &&
    presented.hash === row.previousHash &&
    row.rotatedAt !== null &&
    at.getTime() - row.rotatedAt.getTime() <= graceMs;
  if (!isInGrace) return 'reused';
  return row.endedAt === null && row.refreshExpiresAt > at ? 'repeat' : 'invalid';
}

/** The times of a session that is used now, from the configured lifetimes. */
export function lifetimes(
  now: Date,
  endsAt: Date,
  ttl: { accessTtlMs: number; refreshTtlMs: number },
): { refreshExpiresAt: Date; expiresAt: Date; purgeAt: Date } {
  const upTo = (ms: number): Date => new Date(Math.min(now.getTime() + ms, endsAt.getTime()));
  const expiresAt = upTo(Math.max(ttl.refreshTtlMs, ttl.accessTtlMs));
  return { refreshExpiresAt: upTo(ttl.refreshTtlMs), expiresAt, purgeAt: purgeTime(expiresAt) };
}

/** An ended session is kept for a day, so that its tokens are still answered as revoked. */
export function purgeTime(endedAt: Date): Date {
  return new Date(endedAt.getTime() + 24 * 3_600_000);
}

/** When an access token that is created now expires: in whole seconds (RFC 7519), and never after the session ends. */
export function accessExpiry(now: Date, accessTtlMs: number, endsAt: Date): Date {
  const seconds = Math.min(Math.ceil((now.getTime() + accessTtlMs) / 1000), Math.floor(endsAt.getTime() / 1000));
  return new Date(seconds * 1000);
}
