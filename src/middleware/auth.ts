import type { RequestHandler } from 'express';
import type { Actor } from '../kernel/actor.js';
import { withTimeout } from '../kernel/timeouts.js';
import { Problem } from '../kernel/problem.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** The caller, on every route that needs a token. */
    user?: Actor;
  }
}

/** Verifies an access token and its session; also used by the socket handshake. */
export type Authenticate = (accessToken: string) => Promise<{ actor: Actor; expiresAt: Date }>;

/** RFC 6750, section 2.1: the scheme is matched in any case (RFC 9110, section 11.1), the token is one `b64token`. */
const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of an `Authorization` header; throws `unauthenticated` if there is none. */
export function bearerToken(header: string | undefined): string {
  const token = header === undefined ? undefined : bearer.exec(header)?.[1];
  if (token === undefined) throw new Problem('unauthenticated', { headers: { 'WWW-Authenticate': 'Bearer' } });
  return token;
}

/** Sets `req.user` for signed-in callers; all others get a 401. */
export function requireUser(authenticate: Authenticate): RequestHandler {
  return async (req, _res, next) => {
    const { actor } = await withTimeout(authenticate(bearerToken(req.headers.authorization)));
    req.user = actor;
    next();
  };
}
