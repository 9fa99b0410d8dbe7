import type { DomainEvents } from '../domain-events.js';
import type { EventBus } from '../kernel/event-bus.js';

/** Watches the access token of one socket: warns before it expires, and reports when it has. */
export interface TokenClock {
  /** Uses this expiry from now on. */
  set(expiresAt: Date): void;
  stop(): void;
}

const usualWarningMs = 60_000;
/** Timers of Node count to 2^31 - 1 ms; a longer one is started again. */
const longestTimerMs = 2_147_483_647;

/** A token that lives for less than two minutes is warned of after half of its life. */
export function createTokenClock(socketId: string, bus: Pick<EventBus<DomainEvents>, 'publish'>): TokenClock {
  let timers: NodeJS.Timeout[] = [];

  function stop(): void {
    for (const timer of timers) clearTimeout(timer);
    timers = [];
  }

  function at(ms: number, deed: () => void): void {
    timers.push(setTimeout(deed, Math.min(longestTimerMs, Math.max(0, ms))).unref());
  }

  return {
    stop,
    set(expiresAt) {
      stop();
      const life = expiresAt.getTime() - Date.now();
      at(life - Math.min(usualWarningMs, life / 2), () => bus.publish('session.expiring', { socketId, expiresAt }));
      at(life, () => bus.publish('session.expired', { socketId }));
    },
  };
}
