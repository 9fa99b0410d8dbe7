import { readProblem } from './problem.js';
import { recordSecretsIn } from './secrets.js';
import { endpointOf } from './table.js';

/** An answer whose shape has been checked against the schema of its route. */
export interface Answer {
  status: number;
  /** Parsed JSON, null without a body. */
  body: any;
  headers: Headers;
  /** The bytes as they came. */
  text: string;
}

export interface Wishes {
  headers?: Record<string, string>;
  /** Sent as it is, without being made JSON; give the content type yourself. */
  raw?: string | Buffer;
  signal?: AbortSignal;
}

type Ask = (path: string, body?: unknown, wishes?: Wishes) => Promise<Answer>;

export interface Client {
  get(path: string, wishes?: Wishes): Promise<Answer>;
  post: Ask;
  put: Ask;
  patch: Ask;
  delete: Ask;
  request(method: string, path: string, body?: unknown, wishes?: Wishes): Promise<Answer>;
  as(user: { tokens: { accessToken: string } }): Client;
  with(headers: Record<string, string>): Client;
}

function readBody(text: string, headers: Headers): unknown {
  if (text === '') return null;
  return /\bjson\b/.test(headers.get('content-type') ?? '') ? JSON.parse(text) : text;
}

/** Strict: an answer that its route does not declare, or with a key too many, fails the test that asked. */
function judge(method: string, path: string, answer: Answer): void {
  const what = `${method} ${path} → ${answer.status}`;
  const type = answer.headers.get('content-type') ?? '';
  if (!answer.headers.get('x-request-id')) throw new Error(`${what}: no X-Request-Id`);
  if (answer.status >= 400) {
    if (method === 'HEAD') return;
    if (!type.startsWith('application/problem+json'))
      throw new Error(`${what}: ${type} instead of a problem document: ${answer.text}`);
    const problem = readProblem(answer.body);
    if (problem.status !== answer.status) throw new Error(`${what}: the document says ${problem.status}`);
    if (problem.requestId !== answer.headers.get('x-request-id'))
      throw new Error(`${what}: another request's id in the document`);
    return;
  }
  const endpoint = endpointOf(method, path);
  if (!endpoint) return;
  if (endpoint.givesFile) return;
  if (answer.headers.get('cache-control') !== 'no-store') throw new Error(`${what}: Cache-Control is not no-store`);
  if (!Object.hasOwn(endpoint.returns, answer.status)) throw new Error(`${what}: a status the route does not declare`);
  const schema = endpoint.returns[answer.status];
  if (method === 'HEAD') return;
  if (!schema) {
    if (answer.text !== '') throw new Error(`${what}: a body where none is declared`);
    return;
  }
  if (type !== 'application/json; charset=utf-8') throw new Error(`${what}: ${type}`);
  const verdict = schema.safeParse(answer.body);
  if (!verdict.success) throw new Error(`${what}: ${verdict.error.message} in ${answer.text.slice(0, 2000)}`);
}

/** A REST client of a server, in this process or in another. */
export function api(server: { url: string }, headers: Record<string, string> = {}): Client {
  async function request(method: string, path: string, body?: unknown, wishes: Wishes = {}): Promise<Answer> {
    recordSecretsIn(body);
    const response = await fetch(server.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers, ...wishes.headers },
      body: (wishes.raw as string | undefined) ?? (body === undefined ? null : JSON.stringify(body)),
      redirect: 'manual',
      signal: wishes.signal ?? null,
    });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, text, body: readBody(text, response.headers) };
    recordSecretsIn(answer.body);
    judge(method, path.split('?')[0] ?? path, answer);
    return answer;
  }

  return {
    request,
    get: (path, wishes) => request('GET', path, undefined, wishes),
    post: (path, body, wishes) => request('POST', path, body, wishes),
    put: (path, body, wishes) => request('PUT', path, body, wishes),
    patch: (path, body, wishes) => request('PATCH', path, body, wishes),
    delete: (path, body, wishes) => request('DELETE', path, body, wishes),
    as: (user) => api(server, { ...headers, authorization: `Bearer ${user.tokens.accessToken}` }),
    with: (more) => api(server, { ...headers, ...more }),
  };
}
