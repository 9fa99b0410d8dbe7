import { Problem } from './problem.js';
import type { Budget, LimitClass } from '@causerie/contract/limits';
import { budgets } from '@causerie/contract/limits';

/** The state of a budget after a request. */
export interface Allowance {
  limit: number;
  remaining: number;
  resetMs: number;
}

export interface Limits {
  /** Counts one request of `key` (a user id or an address) against a class; throws `rate_limited` if the budget is spent. */
  spend(limitClass: LimitClass, key: string): Allowance;
  /** The number of budgets in memory, for /metrics. */
  size(): number;
}

interface Bucket {
  tokens: number;
  at: number;
}

const cleanUpEvery = 10_000;

/** The rate limits of one process: token buckets. `factor` multiplies burst and rate; 0 disables the limits. */
export function createLimits(factor: number, now: () => number = Date.now): Limits {
  const buckets = new Map<string, Bucket>();
  let spent = 0;

  function fill(bucket: Bucket, budget: Budget, at: number): number {
    const elapsed = Math.max(0, at - bucket.at) / 1000;
    return Math.min(budget.burst * factor, bucket.tokens + elapsed * budget.perSecond * factor);
  }

  /** Drops the buckets that are full again: a full bucket is the same as none. */
  function removeExpired(at: number): void {
    for (const [name, bucket] of buckets) {
      const budget = budgets[name.slice(0, name.indexOf(' ')) as LimitClass];
      if (fill(bucket, budget, at) >= budget.burst * factor) buckets.delete(name);
    }
  }

  return {
    spend(limitClass, key) {
      const budget = budgets[limitClass];
      const limit = Math.max(1, Math.floor(budget.burst * factor));
      if (factor === 0) return { limit: budget.burst, remaining: budget.burst, resetMs: 0 };
      const at = now();
      if (++spent % cleanUpEvery === 0) removeExpired(at);
      const name = `${limitClass} ${key}`;
      const bucket = buckets.get(name) ?? { tokens: limit, at };
      const tokens = fill(bucket, budget, at);
      const msPerToken = 1000 / (budget.perSecond * factor);
      if (tokens < 1) {
        const retryAfterMs = Math.ceil((1 - tokens) * msPerToken);
        throw new Problem('rate_limited', {
          retryAfterMs,
          headers: rateLimitHeaders({ limit, remaining: 0, resetMs: retryAfterMs }),
        });
      }
      buckets.set(name, { tokens: tokens - 1, at });
      const left = tokens - 1;
      return { limit, remaining: Math.floor(left), resetMs: Math.ceil((limit - left) * msPerToken) };
    },
    size: () => buckets.size,
  };
}

/** The `RateLimit-*` headers of a response (draft-ietf-httpapi-ratelimit-headers-06: delta seconds). */
export function rateLimitHeaders(allowance: Allowance): Record<string, string> {
  return {
    'RateLimit-Limit': String(allowance.limit),
    'RateLimit-Remaining': String(allowance.remaining),
    'RateLimit-Reset': String(Math.ceil(allowance.resetMs / 1000)),
  };
}
