import type { DomainEvents, SessionEndReason } from '../../domain-events.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { SessionRepository } from '../../repositories/sessions/session-repository.js';
import { purgeTime } from '../../rules/sessions.js';

/** Selects live sessions of a user. */
export type SessionSelection = { ids: readonly string[] } | { allBut: string | null };

export interface EndSession {
  /** Ends sessions before they expire, whatever the reason; returns how many this call has ended. */
  end(userId: string, which: SessionSelection, reason: SessionEndReason): Promise<number>;
}

interface Deps {
  repository: Pick<SessionRepository, 'end' | 'living'>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

/** Needs no keys, so that the command line can end sessions too. */
export function createEndSession({ repository, bus }: Deps): EndSession {
  return {
    async end(userId, which, reason) {
      const ids =
        'ids' in which
          ? which.ids
          : (await repository.living(userId, new Date())).map((row) => row._id).filter((id) => id !== which.allBut);
      let ended = 0;
      for (const sessionId of ids) {
        const at = new Date();
        if (!(await repository.end(sessionId, userId, { at, reason, purgeAt: purgeTime(at) }))) continue;
        bus.publish('session.revoked', { userId, sessionId, reason });
        ended += 1;
      }
      return ended;
    },
  };
}
