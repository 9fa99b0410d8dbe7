/** The OpenAPI and AsyncAPI documents, as served and as committed under docs/. */
import { readFileSync } from 'node:fs';
import { asyncApiDocument } from './kernel/asyncapi.js';
import type { Json } from './kernel/json-schema.js';
import { openApiDocument, type Route } from './kernel/openapi.js';
import { clientEvents, serverEvents } from '@causerie/contract/events';

const httpDescription = `The HTTP API of a messaging server. The realtime API, events over Socket.IO with the same rules, schemas and limits, is
described in [asyncapi.json](asyncapi.json) (AsyncAPI 3.0).

- **Authentication.** Send \`Authorization: Bearer <accessToken>\`. An access token is valid for minutes; \`/api/auth/refresh\` returns a
  new one. Tokens in URLs are rejected.
- **Input** is JSON, or a flat form in which a repeated key is a list. Unknown keys in a body or a query are rejected.
- **Output** is JSON. Ids are 24 lowercase hex characters, times are ISO 8601 with milliseconds in UTC, and an absent value is \`null\`.
- **Lists** are \`{ items, nextCursor }\`. Send \`nextCursor\` as \`cursor\` to get the next page, until it is \`null\`.
- **Errors** are problem details (RFC 9457). Rely on \`code\`; \`detail\` is for people, in English or French by \`Accept-Language\`.
  Resources that the caller may not know about are answered with 404, as if they did not exist.
- **Retries.** Every write can be repeated: PUT and DELETE are idempotent, and messages are deduplicated by their \`clientId\`. After 429
  and 503, wait for \`retryAfterMs\` (\`Retry-After\` in seconds).
- **Rate limits** are token buckets: a number of requests at once, then a number a second. There is one bucket per class and user,
  shared by HTTP and all sockets, or per IP address for requests without a token. Each route names its class.
`;

const realtimeDescription = `The realtime API of a messaging server: events over Socket.IO 4, in the default namespace and on the default path. The HTTP API is
described in [openapi.json](openapi.json). Both give access to the same service, with the same rules, schemas and limits.

- **Connecting.** \`io(url, { auth: { token } })\` with an access token, by websocket or long polling. Without a valid token there is a
  \`connect_error\` whose \`data\` is a Problem. The server decides which events a socket receives; clients do not join rooms.
- **Client events** have one argument and an acknowledgement: \`socket.emit(event, input, ack)\`. The acknowledgement receives
  \`{ ok: true, data }\` or \`{ ok: false, error }\`, where \`error\` is a Problem. Unknown events are answered with \`not_found\`.
- **Server events** have one argument and no acknowledgement. The socket that requested a change receives only its acknowledgement;
  every other socket concerned receives the event.
- **Staying connected.** A socket is closed when its access token expires. Send \`session:renew\` before that.
`;

const tags = {
  auth: 'Registration, login, tokens, passwords and email addresses',
  users: 'The account of the caller, its sessions and settings, and profiles of other users',
  conversations: 'Direct conversations and groups in the list of the caller, read positions and settings',
  messages: 'Send, edit, delete, list and search messages',
  upload: 'Upload and download files',
  images: 'Pictures in several sizes',
  contacts: 'Contacts, blocked users and the directory',
  groups: 'Groups, their members and roles',
  reactions: 'Reactions to messages',
  notifications: 'Notifications of the caller',
  sync: 'Catch up after being offline',
};

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Creates the OpenAPI document of a route table. `server` is the base URL of the server. */
export function openapi(routes: readonly Route[], server: string): Json {
  return openApiDocument({ routes, title: 'Causerie', version, description: httpDescription, server, tags });
}

/** Creates the AsyncAPI document of the socket events. `server` is the base URL of the server. */
export function asyncapi(server: string): Json {
  return asyncApiDocument({
    requests: clientEvents,
    serverEvents: serverEvents,
    title: 'Causerie',
    version,
    description: realtimeDescription,
    server,
  });
}
