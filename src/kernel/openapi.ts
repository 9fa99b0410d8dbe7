/** The OpenAPI document of a route table: https://spec.openapis.org/oas/v3.1.1.html */
import type { z } from 'zod';
import type { Endpoint } from './endpoint.js';
import { createSchemas, type Json, type Schemas } from './json-schema.js';
import { limitExtension, limitDescription } from './limit-description.js';
import { answersOf, headers, problemAnswers } from './openapi-answers.js';
import { openPaths } from './openapi-operations.js';
import { ProblemShape } from '@causerie/contract/problem';

/** An endpoint and the path it is mounted on, such as `/api/messages`. */
export interface Route {
  base: string;
  endpoint: Endpoint;
}

interface OpenApiOptions {
  routes: readonly Route[];
  title: string;
  version: string;
  /** In CommonMark. */
  description: string;
  /** Base URL of the server, without a trailing slash. */
  server: string;
  /** Descriptions of the tags, by the last segment of the base path. */
  tags?: Readonly<Record<string, string>>;
}

/** The path as Express matches it, without a trailing slash. */
export function pathOf({ base, endpoint }: Route): string {
  return endpoint.path === '/' ? base : `${base}${endpoint.path}`;
}

function tagOf({ base }: Route): string {
  return base.split('/').at(-1) ?? base;
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `GET /api/users/sessions/:sessionId` is `getUsersSessionsBySessionId`. */
function operationIdOf(route: Route): string {
  const parts = pathOf(route)
    .replace(/^\/api\//, '')
    .split('/');
  const words = parts.flatMap((part) => (part.startsWith(':') ? ['by', part.slice(1)] : part.split('-')));
  return route.endpoint.method + words.map(capitalized).join('');
}

function parametersOf(place: 'path' | 'query', schema: z.ZodType | undefined, schemas: Schemas): Json[] {
  if (!schema) return [];
  return schemas.fieldsOf(schema).map(({ name, isRequired, schema: { description, ...rest } }) => ({
    name,
    in: place,
    required: isRequired,
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

/** A form has the same fields as the JSON body. A list is a repeated key, which is the default in OpenAPI. */
function bodyOf(schema: z.ZodType, schemas: Schemas): Json {
  const content = { schema: schemas.of(schema, 'input') };
  return {
    required: !schema.safeParse(undefined).success,
    content: { 'application/json': content, 'application/x-www-form-urlencoded': content },
  };
}

/** Describes a form with a file (RFC 7578). */
function formOf(schema: z.ZodType, schemas: Schemas): Json {
  const fields = schemas.fieldsOf(schema);
  return {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object',
          properties: {
            ...Object.fromEntries(fields.map(({ name, schema: field }) => [name, field])),
            file: { type: 'string', contentMediaType: 'application/octet-stream' },
          },
          required: [...fields.map(({ name }) => name), 'file'],
          additionalProperties: false,
        },
      },
    },
  };
}

const security: Readonly<Record<Endpoint['access'], Json[]>> = {
  user: [{ accessToken: [] }],
  public: [],
  link: [{ accessToken: [] }, { linkSignature: [] }],
};

function operationOf(route: Route, schemas: Schemas): Json {
  const { endpoint } = route;
  const parameters = [
    ...parametersOf('path', endpoint.params, schemas),
    ...parametersOf('query', endpoint.query, schemas),
  ];
  return {
    operationId: operationIdOf(route),
    tags: [tagOf(route)],
    summary: endpoint.summary,
    description: [endpoint.description, limitDescription(endpoint.limit)]
      .filter((one) => one !== undefined)
      .join('\n\n'),
    security: security[endpoint.access],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(endpoint.body ? { requestBody: bodyOf(endpoint.body, schemas) } : {}),
    ...(endpoint.form ? { requestBody: formOf(endpoint.form, schemas) } : {}),
    responses: answersOf(endpoint, schemas),
    'x-limit': limitExtension(endpoint.limit),
  };
}

/** Throws if two routes have the same operationId, from which generated clients take their method names. */
function pathsOf(routes: readonly Route[], schemas: Schemas): Json {
  const paths: Record<string, Json> = {};
  const taken = new Set<string>();
  for (const route of routes) {
    const id = operationIdOf(route);
    if (taken.has(id)) throw new Error(`Two routes have the operationId ${id}`);
    taken.add(id);
    const path = pathOf(route).replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.endpoint.method]: operationOf(route, schemas) };
  }
  return { ...paths, ...openPaths };
}

const securitySchemes: Json = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `accessToken` returned by register, login or refresh',
  },
  linkSignature: {
    type: 'apiKey',
    in: 'query',
    name: 'signature',
    description:
      'Part of the signed links in answers, together with `expires`. Use the links unchanged: every query key is signed',
  },
  metricsToken: { type: 'http', scheme: 'bearer', description: 'The METRICS_TOKEN setting of the server' },
};

const ownTags: Readonly<Record<string, string>> = {
  operations: 'Health and metrics, for operators of the server',
  documents: 'API documents, for people and for programs',
};

function tagList(routes: readonly Route[], about: Readonly<Record<string, string>>): Json[] {
  const names = new Set([...routes.map(tagOf), ...Object.keys(ownTags)]);
  const said = { ...about, ...ownTags };
  return [...names].map((name) => (said[name] === undefined ? { name } : { name, description: said[name] }));
}

/** Creates the document of a route table, ready for `JSON.stringify`. */
export function openApiDocument(options: OpenApiOptions): Json {
  const { routes, title, version, description, server, tags = {} } = options;
  const schemas = createSchemas('draft-2020-12');
  const paths = pathsOf(routes, schemas);
  schemas.of(ProblemShape, 'output');
  return {
    openapi: '3.1.1',
    info: { title, version, description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: server }],
    tags: tagList(routes, tags),
    paths,
    components: { schemas: schemas.components(), responses: problemAnswers(), headers, securitySchemes },
  };
}
