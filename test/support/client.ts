import { readProblem, type ProblemDocument } from './problem.js';
import type { BodyAt } from './responses.js';
import { recordSecretsIn } from './secrets.js';
import { endpointOf } from './table.js';
import type { ProblemCode } from './wire.js';

/** Where a server answers. */
export interface Target {
  url: string;
}

/** A response, already checked against the schema of its route. */
export interface Answer<Body = unknown> {
  status: number;
  headers: Headers;
  /** The raw body. */
  text: string;
  /** The code of a problem document; undefined for a success. */
  code: ProblemCode | undefined;
  /** The parsed body of a success, null without one; throws for an error. */
  readonly body: Body;
  /** The problem document of an error; throws for a success. */
  readonly problem: ProblemDocument;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  /** Sent as is instead of a JSON body; a string needs its content type in the headers. */
  raw?: string | FormData;
  signal?: AbortSignal;
}

type RequestOf<Method extends string> = <Path extends string>(
  path: Path,
  body?: unknown,
  options?: RequestOptions,
) => Promise<Answer<BodyAt<Method, Path>>>;

/** A REST client whose responses are typed by their path. */
export interface Client {
  get<Path extends string>(path: Path, options?: RequestOptions): Promise<Answer<BodyAt<'GET', Path>>>;
  post: RequestOf<'POST'>;
  put: RequestOf<'PUT'>;
  patch: RequestOf<'PATCH'>;
  delete: RequestOf<'DELETE'>;
  request<Method extends string, Path extends string>(
    method: Method,
    path: Path,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<Answer<BodyAt<Method, Path>>>;
  as(user: { tokens: { accessToken: string } }): Client;
  with(headers: Record<string, string>): Client;
}

function readBody(text: string, headers: Headers): unknown {
  if (text === '') return null;
  return /\bjson\b/.test(headers.get('content-type') ?? '') ? JSON.parse(text) : text;
}

/** A response before it is checked. */
interface RawResponse {
  status: number;
  headers: Headers;
  text: string;
  parsed: unknown;
}

function checkProblem(what: string, { status, headers, text, parsed }: RawResponse): ProblemDocument {
  const type = headers.get('content-type') ?? '';
  if (!type.startsWith('application/problem+json'))
    throw new Error(`${what}: ${type} instead of a problem document: ${text}`);
  const problem = readProblem(parsed);
  if (problem.status !== status) throw new Error(`${what}: the document says ${problem.status}`);
  if (problem.requestId !== headers.get('x-request-id'))
    throw new Error(`${what}: another request's id in the document`);
  return problem;
}

/** Throws for a status that the route does not declare and for a body that does not match its schema exactly. */
function checkSuccess(
  method: string,
  path: string,
  what: string,
  { status, headers, text, parsed }: RawResponse,
): void {
  const endpoint = endpointOf(method, path);
  if (!endpoint || endpoint.sendsFile) return;
  if (headers.get('cache-control') !== 'no-store') throw new Error(`${what}: Cache-Control is not no-store`);
  if (!Object.hasOwn(endpoint.returns, status)) throw new Error(`${what}: a status the route does not declare`);
  const schema = endpoint.returns[status];
  if (method === 'HEAD') return;
  if (!schema) {
    if (text !== '') throw new Error(`${what}: a body where none is declared`);
    return;
  }
  const type = headers.get('content-type') ?? '';
  if (type !== 'application/json; charset=utf-8') throw new Error(`${what}: ${type}`);
  const verdict = schema.safeParse(parsed);
  if (!verdict.success) throw new Error(`${what}: ${verdict.error.message} in ${text.slice(0, 2000)}`);
}

function answerOf<Body>(method: string, path: string, raw: RawResponse): Answer<Body> {
  const { status, headers, text, parsed } = raw;
  const what = `${method} ${path} → ${status}`;
  if (!headers.get('x-request-id')) throw new Error(`${what}: no X-Request-Id`);
  const problem = status >= 400 && method !== 'HEAD' ? checkProblem(what, raw) : null;
  if (status < 400) checkSuccess(method, path, what, raw);
  return {
    status,
    headers,
    text,
    code: problem?.code,
    get body(): Body {
      if (status >= 400) throw new Error(`${what}: no success: ${text}`);
      return parsed as Body;
    },
    get problem() {
      if (!problem) throw new Error(`${what}: no problem: ${text.slice(0, 2000)}`);
      return problem;
    },
  };
}

/** A signed-in device and its server. */
export interface Device {
  server: Target;
  tokens: { accessToken: string };
}

/** A REST client for a user, on their own server unless another one is given. */
export const as = (user: Device, at: Target = user.server): Client => api(at).as(user);

/** Status and body without the request id, to compare responses that must be indistinguishable. */
export function withoutRequestId({ status, headers, text }: Answer): string {
  return `${status} ${text.replaceAll(headers.get('x-request-id') ?? '-', '<id>')}`;
}

/** A REST client for a server in this process or another one. */
export function api(server: Target, headers: Record<string, string> = {}): Client {
  async function request<Body>(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<Answer<Body>> {
    recordSecretsIn(body);
    const response = await fetch(server.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
        ...options.headers,
      },
      body: options.raw ?? (body === undefined ? null : JSON.stringify(body)),
      redirect: 'manual',
      signal: options.signal ?? null,
    });
    const text = await response.text();
    const parsed = readBody(text, response.headers);
    recordSecretsIn(parsed);
    const raw = { status: response.status, headers: response.headers, text, parsed };
    return answerOf<Body>(method, path.split('?')[0] ?? path, raw);
  }

  return {
    request,
    get: (path, options) => request('GET', path, undefined, options),
    post: (path, body, options) => request('POST', path, body, options),
    put: (path, body, options) => request('PUT', path, body, options),
    patch: (path, body, options) => request('PATCH', path, body, options),
    delete: (path, body, options) => request('DELETE', path, body, options),
    as: (user) => api(server, { ...headers, authorization: `Bearer ${user.tokens.accessToken}` }),
    with: (more) => api(server, { ...headers, ...more }),
  };
}
