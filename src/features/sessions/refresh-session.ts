import type { Logger } from 'pino';
import type { Queue } from '../../jobs/queue.js';
import { Problem } from '../../kernel/problem.js';
import { hashOf } from './refresh-tokens.js';
import type { EndSession } from './end-session.js';
import type { SessionTokens } from './session-tokens.js';
import type { SessionRepository } from '../../repositories/sessions/session-repository.js';
import { lifetimes, verdictOnRetired } from '../../rules/sessions.js';
import type { Tokens } from '@causerie/contract/sessions';

interface Deps {
  repository: Pick<SessionRepository, 'byId' | 'rotate'>;
  tokens: SessionTokens;
  end: EndSession['end'];
  jobs: Pick<Queue<{ security_notice: { userId: string } }>, 'add'>;
  logger: Pick<Logger, 'warn'>;
  settings: { accessTtlMs: number; refreshTtlMs: number };
}

export interface RefreshSession {
  /**
   * Returns the successor of a refresh token. Throws `refresh_token_reused` for a retired one, whose session it ends,
   * and `refresh_token_invalid` for any other.
   */
  refresh(refreshToken: string, ip: string): Promise<Tokens>;
}

/** Rotates refresh tokens (RFC 9700, section 4.14.2), with a short grace period in case a response was lost. */
export function createRefreshSession({ repository, tokens, end, jobs, logger, settings }: Deps): RefreshSession {
  /** Answers a refresh token that is not the current one of its session. */
  async function refreshAgain(sessionId: string, presented: { counter: number; hash: string }): Promise<Tokens> {
    const now = new Date();
    const row = await repository.byId(sessionId);
    if (!row) throw new Problem('refresh_token_invalid');
    const verdict = verdictOnRetired(row, presented, now);
    if (verdict === 'repeat') return tokens.of(row, now);
    if (verdict === 'invalid') throw new Problem('refresh_token_invalid');
    const userId = row.userId;
    // The job of the notification is stored before the session ends: this process may be killed in between.
    if (row.endReason === null)
      await jobs.add('security_notice', [{ key: sessionId, ownerId: userId, data: { userId } }]);
    const ended = await end(userId, { ids: [sessionId] }, 'token_reused');
    const fields = { security: 'refresh_token_reused', userId, sessionId };
    if (ended > 0) logger.warn(fields, 'refresh token reused; session ended');
    throw new Problem('refresh_token_reused');
  }

  return {
    async refresh(refreshToken, ip) {
      const claims = tokens.readRefresh(refreshToken);
      if (!claims) throw new Problem('refresh_token_invalid');
      const { sessionId, counter } = claims;
      const now = new Date();
      const presented = { counter, hash: hashOf(refreshToken), at: now };
      const seen = await repository.byId(sessionId);
      if (seen?.counter !== counter) return refreshAgain(sessionId, presented);
      const row = await repository.rotate(sessionId, presented, {
        ...tokens.stored(sessionId, counter + 1),
        rotatedAt: now,
        ...lifetimes(now, seen.endsAt, settings),
        lastUsedAt: now,
        ip,
      });
      return row ? tokens.of(row, now) : refreshAgain(sessionId, presented);
    },
  };
}
