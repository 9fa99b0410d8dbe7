/** The two documents of the wire: what the server shows and what is committed under docs/. */
import { readFileSync } from 'node:fs';
import { asyncApiDocument } from './kernel/asyncapi.js';
import type { Json } from './kernel/json-schema.js';
import { openApiDocument, type Route } from './kernel/openapi.js';
import { clientEvents, serverEvents } from '@causerie/contract/events';

const httpDescription = `The HTTP half of a messaging server. The realtime half, events over Socket.IO with the same rules, shapes and limits, is
described by [asyncapi.json](asyncapi.json) (AsyncAPI 3.0).

- **Signing in.** Send \`Authorization: Bearer <accessToken>\`. An access token lives for minutes; \`/api/auth/refresh\` gives a new one.
  A token in an address is refused.
- **Input** is JSON, or a flat form where a repeated key is a list. Unknown keys in a body or a query are refused.
- **Output** is JSON. Ids are 24 lowercase hex characters, times are ISO 8601 with milliseconds in UTC, an absent value is \`null\`.
- **Lists** are \`{ items, nextCursor }\`: give \`nextCursor\` as \`cursor\` for the next page, until it is \`null\`.
- **Errors** are problem documents (RFC 9457). Go by \`code\`; \`detail\` is for people, in English or French by \`Accept-Language\`.
  What the caller may not know about is 404, as if it were not there.
- **Trying again.** Every write may be repeated: PUT and DELETE by nature, sending a message by its \`clientId\`. After 429 and 503 wait
  for \`retryAfterMs\` (\`Retry-After\` in seconds).
- **Limits** are one budget per person over HTTP and all sockets, or per address where nobody is signed in: so many requests at once,
  then so many a second. Each route names its own.
`;

const realtimeDescription = `The realtime half of a messaging server: events over Socket.IO 4, in the default namespace and under the default path. The HTTP half
is described by [openapi.json](openapi.json); both are doors to one service, with the same rules, shapes and limits.

- **Connecting.** \`io(url, { auth: { token } })\` with an access token, by websocket or long polling. Without one that counts there is
  a \`connect_error\` whose \`data\` is a Problem. The server chooses what a socket hears; a client never names a room.
- **Requests** are events with one argument and an acknowledgement: \`socket.emit(event, input, ack)\`. The acknowledgement gets
  \`{ ok: true, data }\` or \`{ ok: false, error }\`, where \`error\` is a Problem. Unknown events are answered \`not_found\`.
- **News** are events with one argument and no acknowledgement. The socket that asked for a change gets only its acknowledgement;
  every other socket concerned gets the news.
- **Staying connected.** A socket is closed when its access token expires: renew it by \`session:renew\` before.
`;

const tags = {
  auth: 'Signing up, in and out; passwords and e-mail addresses',
  users: 'The own account, its devices, and the profiles of others',
  conversations: 'Conversations and what is unread in them',
  messages: 'Sending, reading and finding messages',
  upload: 'Files, and what they are',
  images: 'Pictures in several sizes',
};

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The OpenAPI document of a table, for a server at this base address. */
export function openapi(routes: readonly Route[], server: string): Json {
  return openApiDocument({ routes, title: 'Causerie', version, description: httpDescription, server, tags });
}

/** The AsyncAPI document of the event contract, for a server at this base address. */
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
