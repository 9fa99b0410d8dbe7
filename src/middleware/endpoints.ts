/** Mounts the route table on Express: authentication, rate limit, parsing, the handler, its response. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Application, Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { Call, Endpoint } from '../kernel/endpoint.js';
import { parseForm } from '../kernel/parse-form.js';
import { type Limits, rateLimitHeaders } from '../kernel/limits.js';
import { pathOf, type Route } from '../kernel/openapi.js';
import { parse, type InputPart } from '../kernel/parse.js';
import { Problem } from '../kernel/problem.js';
import { withTimeout, timeoutMs } from '../kernel/timeouts.js';
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
  /** Throws `unauthenticated` if the query is not a valid signed link, or not any more. */
  verifyLink: (path: string, query: Request['query']) => void;
}

/** How long a handler may take: longer than its own waits, so that their errors come first. */
const answerMs = 2 * timeoutMs;

function isStream(body: unknown): body is AsyncIterable<string> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** The schema of input that a route does not declare. */
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
  if (endpoint.body) return parse(endpoint.body, isForm ? parseForm(endpoint.body, req.body) : req.body, 'body');
  if (req.body !== undefined) parse(nothing, req.body, 'body');
  return {};
}

function formValueOf(schema: z.ZodType | undefined, value: unknown, part: InputPart): unknown {
  const asked = schema ?? nothing;
  return parse(asked, parseForm(asked, { ...(value as object) }), part);
}

/** The part of a query that belongs to the signature of a link. */
function withoutSignature({ signature: _signature, expires: _expires, ...query }: Request['query']): unknown {
  return query;
}

const isSigned = ({ query }: Request): boolean => 'signature' in query || 'expires' in query;

/** Admits the holder of a signed link, and signed-in users. */
function requireLinkOrUser({ authenticate, verifyLink }: Deps): RequestHandler {
  const asUser = requireUser(authenticate);
  return (req, res, next) => {
    if (!isSigned(req)) return asUser(req, res, next);
    verifyLink(req.path, req.query);
    next();
  };
}

/** The input of every handler. */
function callOf(endpoint: Endpoint, req: Request): Call<unknown, unknown, unknown> {
  const query = endpoint.access === 'link' && isSigned(req) ? withoutSignature(req.query) : req.query;
  return {
    params: formValueOf(endpoint.params, req.params, 'params'),
    query: formValueOf(endpoint.query, query, 'query'),
    body: endpoint.form ? {} : bodyOf(endpoint, req),
    ip: addressOf(req),
    userAgent: req.headers['user-agent'] ?? null,
    locale: localeOf(req.headers['accept-language']),
  };
}

/** Calls a handler with the additional input of its kind. */
function handle(
  endpoint: Endpoint,
  req: Request,
  call: Call<unknown, unknown, unknown>,
): ReturnType<Endpoint['handle']> {
  if (endpoint.access === 'public') return endpoint.handle(call);
  if (endpoint.access === 'link') {
    const accepts = (types: string[]): string | false => req.accepts(types);
    return endpoint.handle({ ...call, viewerId: req.user?.userId ?? null, accepts });
  }
  // `requireUser` runs before it.
  if (!req.user) throw new Problem('unauthenticated');
  return endpoint.handle({ ...call, actor: req.user, form: incomingForm(req, endpoint.form ?? nothing) });
}

function answer(endpoint: Endpoint, limits: Deps['limits']): (req: Request, res: Response) => Promise<void> {
  // Transferring a file may take longer, in both directions.
  const isHurried = !endpoint.form && !endpoint.sendsFile;
  return async (req, res) => {
    const call = callOf(endpoint, req);
    const second = endpoint.limitOf?.(call.body);
    if (second) limits.spend(second, req.user?.userId ?? addressOf(req));
    const handled = handle(endpoint, req, call);
    const { status, body } = await (isHurried ? withTimeout(handled, answerMs) : handled);
    if (endpoint.sendsFile) return sendFile(req, res, body as ServedFile);
    res.status(status);
    if (isStream(body)) await pipeline(Readable.from(body), res.type('json'));
    else if (body === null) res.end();
    // `send` would answer 304 to an `If-None-Match: *`, although these responses may not be stored.
    else res.type('json').end(JSON.stringify(body));
  };
}

const takeItsTime: RequestHandler = (req, _res, next) => {
  req.hasOwnTimeout = true;
  next();
};

function authenticationOf({ access }: Endpoint, deps: Deps): RequestHandler[] {
  if (access === 'public') return [];
  return [access === 'link' ? requireLinkOrUser(deps) : requireUser(deps.authenticate)];
}

function chainOf(endpoint: Endpoint, deps: Deps): RequestHandler[] {
  const { limits } = deps;
  return [
    ...(endpoint.sendsFile ? [] : [requireJsonAccepted]),
    ...authenticationOf(endpoint, deps),
    payFor(endpoint, limits),
    ...(endpoint.form ? [takeItsTime] : readBody(endpoint.bodyLimit)),
    answer(endpoint, limits),
  ];
}

/** Paths without parameters come first, so that `/users/me` is never taken for an id. */
function bySpecificity(a: string, b: string): number {
  return (a.match(/:/g)?.length ?? 0) - (b.match(/:/g)?.length ?? 0);
}

/** Mounts a route table; other methods of its paths are answered 405. */
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
