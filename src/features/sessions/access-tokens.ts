import type { JWTHeaderParameters } from 'jose';
import type { Keys } from '../../kernel/keys.js';
import { Problem } from '../../kernel/problem.js';

/** The claims of an access token. It carries no role and no permission. */
export interface AccessClaims {
  userId: string;
  sessionId: string;
  expiresAt: Date;
}

export interface AccessTokens {
  /** Signs a token that is valid until `expiresAt`. */
  sign(claims: AccessClaims): Promise<string>;
  /** Reads a token; throws `token_expired` if it was valid once, else `unauthenticated`. */
  verify(token: string): Promise<AccessClaims>;
}

const algorithm = 'HS256';
const issuer = 'causerie';
const audience = 'causerie-api';
const headerType = 'JWT';
const tokenType = 'access';
const maxLength = 2000;
/** The clocks of two processes may differ by this much. */
const leewaySeconds = 5;
const idForm = /^[0-9a-f]{24}$/;
const headerNames = new Set(['alg', 'kid', 'typ']);

/** Loaded with the first token, so that starting does not wait for it. */
const jose = async () => import('jose');

/** Each part must be the one spelling of its bytes: RFC 4648 leaves bits unused, which would let a changed token pass. */
function isCanonical(token: string): boolean {
  const parts = token.split('.');
  return parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}

/** Creates and reads access tokens: JWT (RFC 7519) under the rules of RFC 8725, with one algorithm and our own keys alone. */
export function createAccessTokens(keys: Keys): AccessTokens {
  const { current, all } = keys.for('access-token');

  function secretOf(header: JWTHeaderParameters): Uint8Array {
    if (!Object.keys(header).every((name) => headerNames.has(name))) throw new Problem('unauthenticated');
    const key = all.find(({ id }) => id === header.kid);
    if (!key) throw new Problem('unauthenticated');
    return key.secret;
  }

  async function read(token: string): Promise<AccessClaims> {
    const { jwtVerify } = await jose();
    const { payload } = await jwtVerify(token, (header) => secretOf(header), {
      algorithms: [algorithm],
      issuer,
      audience,
      typ: headerType,
      requiredClaims: ['iss', 'aud', 'sub', 'sid', 'typ', 'iat', 'exp'],
    });
    const { sub, sid, typ, iat, exp } = payload;
    const isWhole =
      typ === tokenType &&
      typeof sub === 'string' &&
      idForm.test(sub) &&
      typeof sid === 'string' &&
      idForm.test(sid) &&
      typeof iat === 'number' &&
      iat <= Date.now() / 1000 + leewaySeconds &&
      typeof exp === 'number';
    if (!isWhole) throw new Problem('unauthenticated');
    return { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1000) };
  }

  return {
    async sign({ userId, sessionId, expiresAt }) {
      const { SignJWT } = await jose();
      return new SignJWT({ sid: sessionId, typ: tokenType })
        .setProtectedHeader({ alg: algorithm, kid: current.id, typ: headerType })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(current.secret);
    },
    async verify(token) {
      if (token.length > maxLength || !isCanonical(token)) throw new Problem('unauthenticated');
      try {
        return await read(token);
      } catch (error) {
        const { errors } = await jose();
        if (error instanceof errors.JWTExpired) throw new Problem('token_expired');
        throw error instanceof Problem ? error : new Problem('unauthenticated', { cause: error });
      }
    },
  };
}
