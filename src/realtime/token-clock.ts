import type { DomainEvents } from '../domain-events.js';
import type { EventBus } from '../kernel/event-bus.js';

/** Watches the access token of one socket: warns before it expires, and reports when it has. */
export interface TokenClock {
  /** Uses this expiry from now on. */
  set(expiresAt: Date): void;
  stop(): void;
}

const usualWarningMs = 60_000;
/** The longest timer of Node; a longer wait is several timers, one after the other. */
const maxTimerMs = 2_147_483_647;

/** A token that lives for less than two minutes is warned of after half of its life. */
export function createTokenClock(socketId: string, bus: Pick<EventBus<DomainEvents>, 'publish'>): TokenClock {
  const timers = new Set<NodeJS.Timeout>();

  function stop(): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  }

  function after(ms: number, action: () => void): void {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        if (ms > maxTimerMs) after(ms - maxTimerMs, action);
        else action();
      },
      Math.min(maxTimerMs, Math.max(0, ms)),
    ).unref();
    timers.add(timer);
  }

  return {
    stop,
    set(expiresAt) {
      stop();
      const life = expiresAt.getTime() - Date.now();
      after(life - Math.min(usualWarningMs, life / 2), () => bus.publish('session.expiring', { socketId, expiresAt }));
      after(life, () => bus.publish('session.expired', { socketId }));
    },
  };
}
