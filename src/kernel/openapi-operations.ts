/** Operations outside the route table: health, metrics and the API documents. */
import type { Json } from './json-schema.js';
import { problemAnswer, problemsOf } from './openapi-answers.js';

const requestIdHeader: Json = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };

function answer(description: string, type: string, schema: Json): Json {
  return { description, headers: requestIdHeader, content: { [type]: { schema } } };
}

interface Operation {
  id: string;
  tag: 'operations' | 'documents';
  summary: string;
  description?: string;
  security?: readonly Json[];
  responses: Json;
}

function get({ id, tag, security = [], responses, ...words }: Operation): Json {
  return {
    get: {
      operationId: id,
      tags: [tag],
      ...words,
      security,
      responses: { ...responses, ...problemsOf([500]), default: problemAnswer('Any other problem') },
    },
  };
}

const sound: Json = {
  type: 'object',
  properties: { status: { type: 'string', const: 'ok' } },
  required: ['status'],
  additionalProperties: false,
};
const anyDocument: Json = { type: 'object' };
const page: Json = { type: 'string' };

/** Paths outside the route table. None of them takes an access token. */
export const openPaths: Json = {
  '/': get({
    id: 'getRoot',
    tag: 'documents',
    summary: 'Redirect to the documents',
    responses: {
      302: {
        description: 'The documents are at the address in `Location`',
        headers: { ...requestIdHeader, Location: { schema: { type: 'string' } } },
      },
    },
  }),
  '/health/live': get({
    id: 'getHealthLive',
    tag: 'operations',
    summary: 'Check liveness',
    responses: { 200: answer('The process is running', 'application/json', sound) },
  }),
  '/health/ready': get({
    id: 'getHealthReady',
    tag: 'operations',
    summary: 'Check readiness',
    description: 'Ready means that the database is reachable, its indexes are built, and the server is not stopping.',
    responses: { 200: answer('The server is ready', 'application/json', sound), ...problemsOf([503]) },
  }),
  '/metrics': get({
    id: 'getMetrics',
    tag: 'operations',
    summary: 'Get metrics',
    description:
      'In the text format of Prometheus. Available from loopback only; if METRICS_TOKEN is set, that token is required instead, from everywhere. Access tokens of users are not accepted.',
    security: [{}, { metricsToken: [] }],
    responses: {
      200: answer('The metrics', 'text/plain', { type: 'string' }),
      ...problemsOf([401]),
      403: problemAnswer('The request does not come from this machine. `forbidden`'),
    },
  }),
  '/api/docs': get({
    id: 'getDocs',
    tag: 'documents',
    summary: 'Show the interactive API documents',
    responses: { 200: answer('An HTML page', 'text/html', page) },
  }),
  '/api/openapi.json': get({
    id: 'getOpenapi',
    tag: 'documents',
    summary: 'Get the OpenAPI document',
    responses: { 200: answer('An OpenAPI 3.1 document', 'application/json', anyDocument) },
  }),
  '/api/asyncapi.json': get({
    id: 'getAsyncapi',
    tag: 'documents',
    summary: 'Get the AsyncAPI document',
    responses: { 200: answer('An AsyncAPI 3.0 document', 'application/json', anyDocument) },
  }),
};
