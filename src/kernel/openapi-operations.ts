/** The operations beside the route table: health, metrics and the documents. */
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

/** Paths outside the route table, which need no access token. */
export const openPaths: Json = {
  '/': get({
    id: 'getRoot',
    tag: 'documents',
    summary: 'Be led to the documents',
    responses: {
      302: {
        description: 'The documents are at this address',
        headers: { ...requestIdHeader, Location: { schema: { type: 'string' } } },
      },
    },
  }),
  '/health/live': get({
    id: 'getHealthLive',
    tag: 'operations',
    summary: 'Ask whether the process lives',
    responses: { 200: answer('It does', 'application/json', sound) },
  }),
  '/health/ready': get({
    id: 'getHealthReady',
    tag: 'operations',
    summary: 'Ask whether requests can be answered',
    description: 'The database is reachable, its indexes are built, and the server is not stopping.',
    responses: { 200: answer('They can', 'application/json', sound), ...problemsOf([503]) },
  }),
  '/metrics': get({
    id: 'getMetrics',
    tag: 'operations',
    summary: 'Read the metrics',
    description:
      'In the text format of Prometheus. From loopback only; where METRICS_TOKEN is set, everybody needs that token and no access token counts.',
    security: [{}, { metricsToken: [] }],
    responses: {
      200: answer('The metrics', 'text/plain', { type: 'string' }),
      ...problemsOf([401]),
      403: problemAnswer('Not from this machine. `forbidden`'),
    },
  }),
  '/api/docs': get({
    id: 'getDocs',
    tag: 'documents',
    summary: 'Read and try the HTTP API in a browser',
    responses: { 200: answer('A page', 'text/html', page) },
  }),
  '/api/openapi.json': get({
    id: 'getOpenapi',
    tag: 'documents',
    summary: 'Get the description of the HTTP API',
    responses: { 200: answer('An OpenAPI 3.1 document', 'application/json', anyDocument) },
  }),
  '/api/asyncapi.json': get({
    id: 'getAsyncapi',
    tag: 'documents',
    summary: 'Get the description of the realtime API',
    responses: { 200: answer('An AsyncAPI 3.0 document', 'application/json', anyDocument) },
  }),
};
