import { type Endpoint, endpoint, made, ok, okOrNothing } from '../../kernel/endpoint.js';
import {
  DeleteMessage,
  EditMessage,
  ListMessages,
  Message,
  MessageParams,
  MessageReceipts,
  MessageRevisions,
  MessagePage,
  SearchMessages,
  SearchResult,
  SendMessage,
} from '@causerie/contract/messages';
import type { Messages } from './messages.service.js';

function detailEndpoints(messages: Messages): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/:id/receipts',
      summary: 'Get the receipts of a message',
      description: 'Which members have received and read the message, without its sender and as far as they show it.',
      params: MessageParams,
      returns: { 200: MessageReceipts },
      handle: async ({ actor, params }) => ok(await messages.receipts(actor, params.id)),
    }),
    endpoint({
      method: 'get',
      path: '/:id/revisions',
      summary: 'List earlier texts of a message',
      description: 'The last 20 texts before the current one, oldest first.',
      params: MessageParams,
      returns: { 200: MessageRevisions },
      handle: async ({ actor, params }) => ok(await messages.revisions(actor, params.id)),
    }),
  ];
}

function changeEndpoints(messages: Messages): Endpoint[] {
  return [
    endpoint({
      method: 'patch',
      path: '/:id',
      summary: 'Edit a message',
      description:
        'Only the author can edit a message, within the edit window of the server (24 hours by default). Sending the text that it has already changes nothing.',
      limit: 'change',
      params: MessageParams,
      body: EditMessage,
      returns: { 200: Message },
      handle: async ({ actor, params, body }) => ok(await messages.edit(actor, { messageId: params.id, ...body })),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Delete or hide a message',
      description:
        'With `scope=everyone` the content is erased, and the response is the tombstone that remains. With `scope=me` the message is hidden from the caller, and the response is 204.',
      limit: 'change',
      params: MessageParams,
      query: DeleteMessage,
      returns: { 200: Message, 204: null },
      handle: async ({ actor, params, query }) => okOrNothing(await messages.remove(actor, params.id, query.scope)),
    }),
  ];
}

/** Messages, under `/api/messages`. */
export function messageEndpoints(messages: Messages): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Send a message',
      description:
        'Sending the same `clientId` again returns the message sent first, with 200; with different content it is 409 `client_id_reused`.',
      limit: 'send',
      body: SendMessage,
      returns: { 200: Message, 201: Message },
      handle: async ({ actor, body }) => {
        const { message, isNew } = await messages.send(actor, body);
        return made(message, isNew);
      },
    }),
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List messages',
      description:
        'Messages of one conversation in ascending order of `seq`: next to the one given by `before`, `after` or `around`, or else the newest.',
      query: ListMessages,
      returns: { 200: MessagePage },
      handle: async ({ actor, query }) => ok(await messages.list(actor, query)),
    }),
    endpoint({
      method: 'get',
      path: '/:id',
      summary: 'Get a message',
      params: MessageParams,
      returns: { 200: Message },
      handle: async ({ actor, params }) => ok(await messages.get(actor, params.id)),
    }),
    ...detailEndpoints(messages),
    ...changeEndpoints(messages),
    endpoint({
      method: 'get',
      path: '/search',
      summary: 'Search messages',
      description:
        'Searches all messages that the caller can see, newest first. A page may hold fewer than `limit` messages, or none, and still have a `nextCursor`: a search through very many messages takes several pages.',
      limit: 'search',
      query: SearchMessages,
      returns: { 200: SearchResult },
      handle: async ({ actor, query }) => ok(await messages.search(actor, query)),
    }),
  ];
}
