/** The responses of an operation in OpenAPI: the declared ones, and the problems it may return. */
import type { Endpoint } from './endpoint.js';
import type { Json, Schemas } from './json-schema.js';
import { problemCodes } from '@causerie/contract/problem-codes';

function header(description: string, schema: Json): Json {
  return { description, schema };
}

/** Response headers, as components. */
export const headers: Json = {
  'X-Request-Id': header('Names this request in the log of the server', { type: 'string' }),
  'Retry-After': header('Seconds after which the same request may be sent again', { type: 'integer', minimum: 1 }),
  'RateLimit-Limit': header('How many requests the budget holds', { type: 'integer', minimum: 1 }),
  'RateLimit-Remaining': header('How many of them are left', { type: 'integer', minimum: 0 }),
  'RateLimit-Reset': header('Seconds until the budget is full again', { type: 'integer', minimum: 0 }),
  'WWW-Authenticate': header('The scheme that is asked for', { type: 'string', examples: ['Bearer'] }),
};

const always = ['X-Request-Id'];
const ofBudget = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];

function headersNamed(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** A response that is a problem document. */
export function problemAnswer(description: string, headerNames: readonly string[] = []): Json {
  return {
    description,
    headers: headersNamed([...always, ...headerNames]),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

/** The problems that each route lists: the name of the component, its description, and its headers. */
const problems = {
  400: ['InvalidInput', 'The request does not have the form that is asked for', []],
  401: ['Unauthenticated', 'There is no token that counts', ['WWW-Authenticate']],
  404: ['NotFound', 'It is not there, or not for the caller: the answers are the same', []],
  413: ['TooLarge', 'The body is too large', []],
  415: ['UnsupportedMediaType', 'The body is of another type', []],
  422: ['UnprocessableMedia', 'The picture is broken, or too large to decode', []],
  429: ['RateLimited', 'The budget of this request is used up', ['Retry-After', ...ofBudget]],
  500: ['Internal', 'Something went wrong in the server', []],
  503: ['Unavailable', 'The server cannot answer now; the request is safe to repeat', ['Retry-After']],
  507: ['InsufficientStorage', 'There is no room left', []],
} as const satisfies Record<number, readonly [string, string, readonly string[]]>;

export type ProblemStatus = keyof typeof problems;

function codesOf(status: number): string {
  return Object.entries(problemCodes)
    .filter(([, of]) => of === status)
    .map(([code]) => `\`${code}\``)
    .join(', ');
}

/** The shared problem answers, as components. */
export function problemAnswers(): Json {
  return Object.fromEntries(
    Object.entries(problems).map(([status, [name, meaning, headerNames]]) => [
      name,
      problemAnswer(`${meaning}. ${codesOf(Number(status))}`, headerNames),
    ]),
  );
}

/** References to the shared problem answers of these statuses. */
export function problemsOf(statuses: readonly ProblemStatus[]): Json {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${problems[status][0]}` }]),
  );
}

/** Every route may reject an unknown query key, so each has a 400. */
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
  200: 'Done',
  201: 'Made anew',
  202: 'Accepted: what follows from it comes a moment later',
  204: 'Done, without a body',
  206: 'The part that was asked for',
  304: 'What the client holds is what there is',
  416: 'There is no such part: `Content-Range` tells how large the whole is',
};

function meaningOf(status: string, { returns }: Endpoint): string {
  if (status === '200' && Object.hasOwn(returns, 201)) return 'It was there already: this is it';
  return meanings[status] ?? 'Done';
}

/** All responses of a route. */
export function answersOf(endpoint: Endpoint, schemas: Schemas): Json {
  const declared = Object.entries(endpoint.returns).map(([status, schema]) => [
    status,
    {
      description: meaningOf(status, endpoint),
      headers: headersNamed([...always, ...ofBudget]),
      ...(schema ? { content: { 'application/json': { schema: schemas.of(schema, 'output') } } } : {}),
      ...(endpoint.givesFile && (status === '200' || status === '206') ? { content: { '*/*': {} } } : {}),
    },
  ]);
  return {
    ...(Object.fromEntries(declared) as Json),
    ...problemsOf(problemStatuses(endpoint)),
    default: problemAnswer('Any other problem: its `code` says which'),
  };
}
