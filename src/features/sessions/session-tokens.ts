import type { Keys } from '../../kernel/keys.js';
import { Problem } from '../../kernel/problem.js';
import { type AccessClaims, createAccessTokens } from './access-tokens.js';
import { createRefreshTokens, hashOf, type RefreshClaims } from './refresh-tokens.js';
import type { SessionRow } from '../../repositories/sessions/session-repository.js';
import { accessExpiry } from '../../rules/sessions.js';
import type { Tokens } from '@causerie/contract/sessions';

export interface SessionTokens {
  /** Both tokens of a session as it is stored; throws `refresh_token_invalid` if the key that created them is gone. */
  of(row: SessionRow, now: Date): Promise<Tokens>;
  /** The stored fields of refresh token number `counter`, created with the current key. */
  stored(sessionId: string, counter: number): Pick<SessionRow, 'counter' | 'keyId' | 'refreshHash'>;
  /** Reads an access token; throws `token_expired` or `unauthenticated`. */
  verifyAccess(token: string): Promise<AccessClaims>;
  readRefresh(token: string): RefreshClaims | null;
}

export function createSessionTokens(keys: Keys, { accessTtlMs }: { accessTtlMs: number }): SessionTokens {
  const accessTokens = createAccessTokens(keys);
  const refreshTokens = createRefreshTokens(keys);

  return {
    async of(row, now) {
      const sessionId = row._id;
      const refreshToken = refreshTokens.make({ sessionId, counter: row.counter, keyId: row.keyId });
      if (refreshToken === null || hashOf(refreshToken) !== row.refreshHash) throw new Problem('refresh_token_invalid');
      const expiresAt = accessExpiry(now, accessTtlMs, row.endsAt);
      return {
        accessToken: await accessTokens.sign({ userId: row.userId, sessionId, expiresAt }),
        accessTokenExpiresAt: expiresAt.toISOString(),
        refreshToken,
        refreshTokenExpiresAt: row.refreshExpiresAt.toISOString(),
      };
    },
    stored(sessionId, counter) {
      const { keyId } = refreshTokens;
      const token = refreshTokens.make({ sessionId, counter, keyId });
      if (token === null) throw new Error('The key that makes refresh tokens is not among those that read them');
      return { counter, keyId, refreshHash: hashOf(token) };
    },
    verifyAccess: (token) => accessTokens.verify(token),
    readRefresh: (token) => refreshTokens.read(token),
  };
}
