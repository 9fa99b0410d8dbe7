/** What a verdict on a session needs to know of it. */
interface SessionState {
  counter: number;
  previousHash: string | null;
  rotatedAt: Date | null;
  refreshExpiresAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
}

/** How long whoever lost the answer to a refresh, or has two tabs, may present the token just retired. */
const graceMs = 30_000;

/** How many devices one person may have signed in. */
export const maxSessions = 20;

/** A session lives until it is ended or its time is over. */
export function isAlive(row: Pick<SessionState, 'endedAt' | 'expiresAt'>, at: Date): boolean {
  return row.endedAt === null && row.expiresAt > at;
}

/** What presenting refresh token number `counter`, whose hash is `hash`, means for a session that it did not rotate. */
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

/** When a session that is used now is over: its times as stored, from the lifetimes that are set. */
export function lifetimes(
  now: Date,
  endsAt: Date,
  ttl: { accessTtlMs: number; refreshTtlMs: number },
): { refreshExpiresAt: Date; expiresAt: Date; purgeAt: Date } {
  const upTo = (ms: number): Date => new Date(Math.min(now.getTime() + ms, endsAt.getTime()));
  const expiresAt = upTo(Math.max(ttl.refreshTtlMs, ttl.accessTtlMs));
  return { refreshExpiresAt: upTo(ttl.refreshTtlMs), expiresAt, purgeAt: purgeTime(expiresAt) };
}

/** An ended session is kept for a day, so that its tokens are still answered for what they are. */
export function purgeTime(endedAt: Date): Date {
  return new Date(endedAt.getTime() + 24 * 3_600_000);
}

/** When an access token made now expires: whole seconds (RFC 7519), and never after the session's last moment. */
export function accessExpiry(now: Date, accessTtlMs: number, endsAt: Date): Date {
  const seconds = Math.min(Math.ceil((now.getTime() + accessTtlMs) / 1000), Math.floor(endsAt.getTime() / 1000));
  return new Date(seconds * 1000);
}
