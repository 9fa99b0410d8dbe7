/** The AsyncAPI document of an event contract: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
import { z } from 'zod';
import { createSchemas, type Json, type Schemas } from './json-schema.js';
import { limitExtension, limitDescription } from './limit-description.js';
import { ProblemShape } from '@causerie/contract/problem';
import type { LimitClass } from '@causerie/contract/limits';

/** An event sent by clients, and its acknowledgement. */
interface RequestEvent {
  summary: string;
  limit: LimitClass;
  input: z.ZodType;
  output: z.ZodType;
}

/** An event sent by the server. */
interface ServerEvent {
  summary: string;
  payload: z.ZodType;
}

interface AsyncApiOptions {
  requests: Readonly<Record<string, RequestEvent>>;
  serverEvents: Readonly<Record<string, ServerEvent>>;
  title: string;
  version: string;
  /** In CommonMark. */
  description: string;
  /** Base URL of the server, without a trailing slash. */
  server: string;
}

/** Messages and operations by key. */
interface DocumentParts {
  messages: Record<string, Json>;
  operations: Record<string, Json>;
}

const Refusal = z
  .strictObject({ ok: z.literal(false), error: ProblemShape })
  .meta({ id: 'Refusal', description: 'Acknowledgement of a request that failed' });

const channel: Json = { $ref: '#/channels/events' };

/** Keys of components must not contain a colon. */
function keyOf(event: string): string {
  return event.replaceAll(':', '-');
}

function messageOf(event: string, { summary, payload, ...rest }: { summary: string; payload: Json }): Json {
  return { name: event, title: event, summary, contentType: 'application/json', payload, ...rest };
}

function inChannel(key: string): Json {
  return { $ref: `#/channels/events/messages/${key}` };
}

/** Client events, each with its acknowledgement as the reply. */
function clientEventParts(requests: AsyncApiOptions['requests'], schemas: Schemas): DocumentParts {
  const parts: DocumentParts = { messages: {}, operations: {} };
  for (const [event, { summary, limit, input, output }] of Object.entries(requests)) {
    const key = keyOf(event);
    const answer = z.discriminatedUnion('ok', [z.strictObject({ ok: z.literal(true), data: output }), Refusal]);
    parts.messages[key] = messageOf(event, { summary, payload: schemas.of(input, 'input') });
    parts.messages[`${key}-ack`] = messageOf(`${event} (acknowledgement)`, {
      summary: `Acknowledgement of ${event}`,
      payload: schemas.of(answer, 'output'),
    });
    parts.operations[key] = {
      action: 'receive',
      channel,
      title: event,
      summary,
      description: limitDescription(limit),
      messages: [inChannel(key)],
      reply: { channel, messages: [inChannel(`${key}-ack`)] },
      'x-limit': limitExtension(limit),
    };
  }
  return parts;
}

/** Server events, which have no reply. */
function serverEventParts(serverEvents: AsyncApiOptions['serverEvents'], schemas: Schemas): DocumentParts {
  const parts: DocumentParts = { messages: {}, operations: {} };
  for (const [event, { summary, payload }] of Object.entries(serverEvents)) {
    const key = keyOf(event);
    parts.messages[key] = messageOf(event, { summary, payload: schemas.of(payload, 'output') });
    parts.operations[key] = { action: 'send', channel, title: event, summary, messages: [inChannel(key)] };
  }
  return parts;
}

/** The websocket handshake of Socket.IO 4 over Engine.IO 4. */
const bindings: Json = {
  ws: {
    method: 'GET',
    query: {
      type: 'object',
      properties: {
        EIO: { type: 'string', const: '4', description: 'Version of the Engine.IO protocol' },
        transport: { type: 'string', enum: ['websocket', 'polling'] },
      },
      required: ['EIO', 'transport'],
    },
    bindingVersion: '0.1.0',
  },
};

const securitySchemes: Json = {
  accessToken: {
    type: 'apiKey',
    in: 'password',
    description: 'An access token (JWT), sent in the Socket.IO handshake: `io(url, { auth: { token } })`',
  },
};

function serverOf(server: string): Json {
  const { protocol, host, pathname } = new URL(server);
  return {
    host,
    pathname: `${pathname.replace(/\/$/, '')}/socket.io/`,
    protocol: protocol === 'https:' ? 'wss' : 'ws',
    description: 'Socket.IO 4, by websocket or long polling',
    security: [{ $ref: '#/components/securitySchemes/accessToken' }],
  };
}

/** Creates the document of the socket events, ready for `JSON.stringify`. */
export function asyncApiDocument(options: AsyncApiOptions): Json {
  const { requests, serverEvents, title, version, description, server } = options;
  const schemas = createSchemas('draft-7');
  const clientDocuments = clientEventParts(requests, schemas);
  const serverDocuments = serverEventParts(serverEvents, schemas);
  const messages = { ...clientDocuments.messages, ...serverDocuments.messages };
  const keys = Object.keys(messages);
  return {
    asyncapi: '3.0.0',
    info: { title, version, description, license: { name: 'MIT' } },
    defaultContentType: 'application/json',
    servers: { server: serverOf(server) },
    channels: {
      events: {
        address: '/',
        title: 'Events',
        summary: 'The default namespace, which carries all events',
        servers: [{ $ref: '#/servers/server' }],
        messages: Object.fromEntries(keys.map((key) => [key, { $ref: `#/components/messages/${key}` }])),
        bindings,
      },
    },
    operations: { ...clientDocuments.operations, ...serverDocuments.operations },
    components: { schemas: schemas.components(), messages, securitySchemes },
  };
}
