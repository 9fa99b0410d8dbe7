/** The OpenAPI responses of an operation: the declared ones and the problems it may answer with. */
import type { Endpoint } from './endpoint.js';
import type { Json, Schemas } from './json-schema.js';
import { problemCodes } from '@causerie/contract/problem-codes';

function header(description: string, schema: Json): Json {
  return { description, schema };
}

/** Response headers, as components. */
export const headers: Json = {
  'X-Request-Id': header('Id of this request in the log of the server', { type: 'string' }),
  'Retry-After': header('Seconds to wait before sending the same request again', { type: 'integer', minimum: 1 }),
  'RateLimit-Limit': header('Size of the rate limit: requests allowed at once', { type: 'integer', minimum: 1 }),
  'RateLimit-Remaining': header('Requests left now', { type: 'integer', minimum: 0 }),
  'RateLimit-Reset': header('Seconds until the full limit is available again', { type: 'integer', minimum: 0 }),
  'WWW-Authenticate': header('The authentication scheme to use', { type: 'string', examples: ['Bearer'] }),
};

const always = ['X-Request-Id'];
const ofLimit = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];

function headersNamed(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** A response whose body is a problem document. */
export function problemAnswer(description: string, headerNames: readonly string[] = []): Json {
  return {
    description,
    headers: headersNamed([...always, ...headerNames]),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

/** Problems that are documented per route: name of the component, meaning, and headers. */
const problems = {
  400: ['InvalidInput', 'The request does not match the schema', []],
  401: ['Unauthenticated', 'The access token is missing or not valid', ['WWW-Authenticate']],
  404: ['NotFound', 'The resource does not exist, or the caller may not know about it', []],
  413: ['TooLarge', 'The body is too large', []],
  415: ['UnsupportedMediaType', 'The content type of the body is not supported', []],
  422: ['UnprocessableMedia', 'The picture is damaged, or too large to decode', []],
  429: ['RateLimited', 'The rate limit of this request is exceeded', ['Retry-After', ...ofLimit]],
  500: ['Internal', 'An internal error occurred', []],
  503: ['Unavailable', 'The server cannot answer now; the request is safe to repeat', ['Retry-After']],
  507: ['InsufficientStorage', 'The server has no space left, or the upload quota is used up', []],
} as const satisfies Record<number, readonly [string, string, readonly string[]]>;

export type ProblemStatus = keyof typeof problems;

function codesOf(status: number): string {
  return Object.entries(problemCodes)
    .filter(([, of]) => of === status)
    .map(([code]) => `\`${code}\``)
    .join(', ');
}

/** The shared problem responses, as components. */
export function problemAnswers(): Json {
  return Object.fromEntries(
    Object.entries(problems).map(([status, [name, meaning, headerNames]]) => [
      name,
      problemAnswer(`${meaning}. ${codesOf(Number(status))}`, headerNames),
    ]),
  );
}

/** References to the shared problem responses of these statuses. */
export function problemsOf(statuses: readonly ProblemStatus[]): Json {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${problems[status][0]}` }]),
  );
}

/** Every route rejects unknown query keys, so each has a 400. */
function problemStatuses(endpoint: Endpoint): ProblemStatus[] {
  return [
    400,
    ...(endpoint.access === 'public' ? [] : ([401] as const)),
    ...(endpoint.params ? ([404] as const) : []),
    ...(endpoint.body || endpoint.form ? ([413, 415] as const) : []),
    ...(endpoint.form ? ([422, 507] as const) : []),
    429,
    500,
    503,
  ];
}

const meanings: Readonly<Record<string, string>> = {
  200: 'Success',
  201: 'Created',
  202: 'Accepted; processing continues in the background',
  204: 'Success, without a body',
  206: 'The requested range',
  304: 'Not modified since the client fetched it',
  416: 'The range does not exist; `Content-Range` gives the total size',
};

function meaningOf(status: string, { returns }: Endpoint): string {
  if (status === '200' && Object.hasOwn(returns, 201)) return 'It exists already and is returned';
  return meanings[status] ?? 'Success';
}

export function answersOf(endpoint: Endpoint, schemas: Schemas): Json {
  const declared = Object.entries(endpoint.returns).map(([status, schema]) => [
    status,
    {
      description: meaningOf(status, endpoint),
      headers: headersNamed([...always, ...ofLimit]),
      ...(schema ? { content: { 'application/json': { schema: schemas.of(schema, 'output') } } } : {}),
      ...(endpoint.sendsFile && (status === '200' || status === '206') ? { content: { '*/*': {} } } : {}),
    },
  ]);
  return {
    ...(Object.fromEntries(declared) as Json),
    ...problemsOf(problemStatuses(endpoint)),
    default: problemAnswer('Any other problem, identified by its `code`'),
  };
}
