/** A token bucket: `burst` requests at once, then `perSecond` a second. */
export interface Budget {
  burst: number;
  perSecond: number;
}

/** Rate limits by class, at RATE_LIMIT_FACTOR 1: one bucket per user, shared by REST and all sockets. */
export const budgets = {
  send: { burst: 100, perSecond: 10 },
  change: { burst: 60, perSecond: 5 },
  marks: { burst: 100, perSecond: 10 },
  typing: { burst: 10, perSecond: 1 },
  sync: { burst: 20, perSecond: 1 },
  search: { burst: 10, perSecond: 1 },
  directory: { burst: 20, perSecond: 1 / 15 },
  directory_day: { burst: 500, perSecond: 500 / 86_400 },
  groups: { burst: 20, perSecond: 1 / 60 },
  upload: { burst: 30, perSecond: 1 / 2 },
  sign_in: { burst: 30, perSecond: 10 / 60 },
  other: { burst: 120, perSecond: 20 },
} as const satisfies Record<string, Budget>;

export type LimitClass = keyof typeof budgets;
