import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { rateLimitHeaders } from '../../kernel/limits.js';
import { Problem } from '../../kernel/problem.js';
import type { AttemptRepository } from '../../repositories/attempts/attempt-repository.js';
import { budgets } from '@causerie/contract/limits';

export interface Attempts {
  /** Counts signing up, signing in or requesting a link from an address; throws `rate_limited`. */
  spendAddress(ip: string): Promise<void>;
  /**
   * Runs a comparison of a password and counts it if it fails: at most 20 in 15 minutes for an account, including those in
   * progress, then `rate_limited`. An account that does not exist is counted like any other.
   */
  guarded(account: { id: string } | { identifier: string }, matches: () => Promise<boolean>): Promise<boolean>;
}

const wrongPasswords = { max: 20, windowMs: 15 * 60_000 };
const purgeEvery = 600_000;

/** The network of an IPv6 address: one user has many addresses, but hardly more than one network. */
function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !isIPv6(ip)) return mapped ?? ip;
  const [head = '', tail] = ip.split('%', 1).join('').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [
    ...before,
    ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'),
    ...after,
  ];
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().padStart(4, '0'))
    .join(':');
}

function tooMany(limit: number, retryAfterMs: number): Problem {
  const headers = rateLimitHeaders({ limit, remaining: 0, resetMs: retryAfterMs });
  return new Problem('rate_limited', { retryAfterMs, headers });
}

/** `factor` multiplies the limits of signing in; 0 switches them off. */
export function createAttempts({ repository, factor }: { repository: AttemptRepository; factor: number }): Attempts {
  let purgedAt = 0;

  async function purgeNowAndThen(now: number): Promise<void> {
    if (now - purgedAt < purgeEvery) return;
    purgedAt = now;
    await repository.purge(new Date(now));
  }

  function keyOf(account: { id: string } | { identifier: string }): string {
    if ('id' in account) return `password ${account.id}`;
    return `password ${createHash('sha256').update(account.identifier.toLowerCase()).digest('hex')}`;
  }

  return {
    async spendAddress(ip) {
      if (factor === 0) return;
      const now = Date.now();
      await purgeNowAndThen(now);
      const burst = Math.max(1, Math.floor(budgets.sign_in.burst * factor));
      const intervalMs = 1000 / (budgets.sign_in.perSecond * factor);
      const wait = await repository.take(`address ${networkOf(ip)}`, { burst, intervalMs }, now);
      if (wait > 0) throw tooMany(burst, wait);
    },
    async guarded(account, matches) {
      if (factor === 0) return matches();
      const key = keyOf(account);
      const max = Math.max(1, Math.floor(wrongPasswords.max * factor));
      const wait = await repository.count(key, { max, windowMs: wrongPasswords.windowMs }, Date.now());
      if (wait > 0) throw tooMany(max, wait);
      let isWrong = false;
      try {
        const isRight = await matches();
        isWrong = !isRight;
        return isRight;
      } finally {
        if (!isWrong) await repository.uncount(key);
      }
    },
  };
}
