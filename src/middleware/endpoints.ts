/** Puts the route table before Express: who asks, what it costs, what came in, the handler, its answer. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Application, Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Endpoint } from '../kernel/endpoint.js';
import { readFlat } from '../kernel/flat.js';
import { type Limits, rateLimitHeaders } from '../kernel/limits.js';
import { pathOf, type Route } from '../kernel/openapi.js';
import { parse, type Part } from '../kernel/parse.js';
import { Problem } from '../kernel/problem.js';
import { inTime, patienceMs } from '../kernel/patience.js';
import type { ServedFile } from '../kernel/served-file.js';
import { localeOf } from '../kernel/problem-document.js';
import { type Authenticate, requireUser } from './auth.js';
import { readBody } from './bodies.js';
import { sendFile } from './files.js';
import { incomingForm } from './upload.js';
import { handleOtherMethods } from './errors.js';

interface Deps {
  authenticate: Authenticate;
  limits: Pick<Limits, 'spend'>;
  /** Throws `unauthenticated` for the query of a link that is none, or none any more. */
  verifyLink: (path: string, query: Request['query']) => void;
}

/** How long a handler may take: longer than what it waits for by itself, so that it can tell more. */
const answerMs = 2 * patienceMs;

/** What only a handler of files is given. */
const notOfFiles = {
  viewerId: null,
  accepts: () => false as const,
  form: { length: null, read: () => Promise.reject(new Error('this route takes no form')) },
};

function isStream(body: unknown): body is AsyncIterable<string> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** What may come in where a route declares nothing. */
const nothing = z.strictObject({});

/** The address of a client, by TRUST_PROXY. */
export function addressOf(req: Request): string {
  return req.ip ?? req.socket.remoteAddress ?? 'unknown';
}

function payFor(endpoint: Endpoint, limits: Deps['limits']): RequestHandler {
  return (req, res, next) => {
    res.set(rateLimitHeaders(limits.spend(endpoint.limit, req.user?.userId ?? addressOf(req))));
    next();
  };
}

const requireJsonAccepted: RequestHandler = (req, _res, next) => {
  if (!req.accepts(['application/json', 'application/problem+json'])) throw new Problem('not_acceptable');
  next();
};

function bodyOf(endpoint: Endpoint, req: Request): unknown {
  const isForm =
    req.is('application/x-www-form-urlencoded') !== false && req.is('application/x-www-form-urlencoded') !== null;
  if (endpoint.body) return parse(endpoint.body, isForm ? readFlat(endpoint.body, req.body) : req.body, 'body');
  if (req.body !== undefined) parse(nothing, req.body, 'body');
  return {};
}

function flatOf(schema: z.ZodType | undefined, value: unknown, part: Part): unknown {
  const asked = schema ?? nothing;
  return parse(asked, readFlat(asked, { ...(value as object) }), part);
}

/** What of a query belongs to the signature of a link. */
function withoutSignature({ signature: _signature, expires: _expires, ...query }: Request['query']): unknown {
  return query;
}

const isSigned = ({ query }: Request): boolean => 'signature' in query || 'expires' in query;

/** Lets in who holds a signed link, and whoever is signed in. */
function requireLinkOrUser({ authenticate, verifyLink }: Deps): RequestHandler {
  const asUser = requireUser(authenticate);
  return (req, res, next) => {
    if (!isSigned(req)) return asUser(req, res, next);
    verifyLink(req.path, req.query);
    next();
  };
}

/** A file takes its time, in both directions. */
function answerWithFile(endpoint: Endpoint): (req: Request, res: Response) => Promise<void> {
  return async (req, res) => {
    const query = isSigned(req) ? withoutSignature(req.query) : req.query;
    const given = {
      params: flatOf(endpoint.params, req.params, 'params'),
      query: flatOf(endpoint.query, query, 'query'),
      actor: req.user ?? { userId: '', sessionId: '' },
      viewerId: req.user?.userId ?? null,
      accepts: (types: string[]) => req.accepts(types),
      form: incomingForm(req, endpoint.form ?? nothing),
      body: endpoint.form ? {} : bodyOf(endpoint, req),
      ip: addressOf(req),
      userAgent: req.headers['user-agent'] ?? null,
      locale: localeOf(req.headers['accept-language']),
    };
    const { status, body } = await endpoint.handle(given);
    if (endpoint.givesFile) await sendFile(req, res, body as ServedFile);
    else res.status(status).type('json').end(JSON.stringify(body));
  };
}

const takeItsTime: RequestHandler = (req, _res, next) => {
  req.takesItsTime = true;
  next();
};

function fileChainOf(endpoint: Endpoint, deps: Deps): RequestHandler[] {
  const { authenticate, limits } = deps;
  const enter = endpoint.givesFile ? requireLinkOrUser(deps) : requireUser(authenticate);
  const read = endpoint.form ? [requireJsonAccepted, takeItsTime] : readBody(endpoint.bodyLimit);
  return [enter, payFor(endpoint, limits), ...read, answerWithFile(endpoint)];
}

function answer(endpoint: Endpoint, limits: Deps['limits']): (req: Request, res: Response) => Promise<void> {
  return async (req, res) => {
    const params = flatOf(endpoint.params, req.params, 'params');
    const query = flatOf(endpoint.query, req.query, 'query');
    const sent = bodyOf(endpoint, req);
    const second = endpoint.limitOf?.(sent);
    if (second) limits.spend(second, req.user?.userId ?? addressOf(req));
    const { status, body } = await inTime(
      endpoint.handle({
        // Only a public route has no actor, and its handler's type does not look for one.
        actor: req.user ?? { userId: '', sessionId: '' },
        params,
        query,
        body: sent,
        ip: addressOf(req),
        userAgent: req.headers['user-agent'] ?? null,
        locale: localeOf(req.headers['accept-language']),
        ...notOfFiles,
      }),
      answerMs,
    );
    res.status(status);
    if (isStream(body)) await pipeline(Readable.from(body), res.type('json'));
    else if (body === null) res.end();
    // `send` would answer 304 to an `If-None-Match: *`, though nothing of this may be kept.
    else res.type('json').end(JSON.stringify(body));
  };
}

function chainOf(endpoint: Endpoint, deps: Deps): RequestHandler[] {
  if (endpoint.form || endpoint.givesFile) return fileChainOf(endpoint, deps);
  const { authenticate, limits } = deps;
  return [
    requireJsonAccepted,
    ...(endpoint.access === 'user' ? [requireUser(authenticate)] : []),
    payFor(endpoint, limits),
    ...readBody(endpoint.bodyLimit),
    answer(endpoint, limits),
  ];
}

/** Paths without parameters come before those with one, so that `/users/me` is never taken for an id. */
function bySpecificity(a: string, b: string): number {
  return (a.match(/:/g)?.length ?? 0) - (b.match(/:/g)?.length ?? 0);
}

/** Mounts a table of routes; every other method of their paths is answered 405. */
export function mountEndpoints(app: Application, routes: readonly Route[], deps: Deps): void {
  const byPath = new Map<string, Endpoint[]>();
  for (const route of routes) {
    const path = pathOf(route);
    byPath.set(path, [...(byPath.get(path) ?? []), route.endpoint]);
  }
  for (const path of [...byPath.keys()].sort(bySpecificity)) {
    const endpoints = byPath.get(path) ?? [];
    for (const endpoint of endpoints) app[endpoint.method](path, ...chainOf(endpoint, deps));
    app.all(
      path,
      handleOtherMethods(endpoints.flatMap(({ method }) => (method === 'get' ? ['get', 'head'] : [method]))),
    );
  }
}
