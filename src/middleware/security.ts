import cors from 'cors';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Response headers that a page of another origin may read. */
const readable = [
  'X-Request-Id',
  'Retry-After',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Allow',
  'Accept-Ranges',
  'Content-Range',
  'Content-Disposition',
  'ETag',
];
const dayS = 86_400;

/** Headers that disable browser features which an API never needs. */
export function securityHeaders(): (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}

/** Which pages may call: exactly the listed origins, without cookies. */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  return cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Accept-Language', 'Range', 'If-None-Match', 'If-Range'],
    exposedHeaders: readable,
    credentials: false,
    maxAge: dayS,
  });
}

/** Whether a page of this origin may connect: a listed one, or one of this server's own addresses. */
export function isOriginAllowed(
  origin: string | undefined,
  { host, origins }: { host: string | undefined; origins: readonly string[] },
): boolean {
  if (origin === undefined) return true;
  if (origins.includes(origin)) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
