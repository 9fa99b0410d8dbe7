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
      summary: 'Get whom a message has reached',
      description: 'As far as they show it; its sender apart.',
      params: MessageParams,
      returns: { 200: MessageReceipts },
      handle: async ({ actor, params }) => ok(await messages.receipts(actor, params.id)),
    }),
    endpoint({
      method: 'get',
      path: '/:id/revisions',
      summary: 'Get the earlier texts of a message',
      description: 'The last 20, oldest first.',
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
      summary: 'Give a message another text',
      description: 'Its author may, for a time; the text that it has already changes nothing.',
      limit: 'change',
      params: MessageParams,
      body: EditMessage,
      returns: { 200: Message },
      handle: async ({ actor, params, body }) => ok(await messages.edit(actor, { messageId: params.id, ...body })),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Delete a message for everyone, or hide it for oneself',
      description: 'For everyone it leaves a tombstone, which is answered; what is hidden is answered with 204.',
      limit: 'change',
      params: MessageParams,
      query: DeleteMessage,
      returns: { 200: Message, 204: null },
      handle: async ({ actor, params, query }) => okOrNothing(await messages.remove(actor, params.id, query.scope)),
    }),
  ];
}

/** The messages of conversations, under `/api/messages`. */
export function messageEndpoints(messages: Messages): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Send a message',
      description: 'The same clientId again returns the first message with 200; with another content it is 409.',
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
      summary: 'List the messages of a conversation',
      description: 'In ascending order of seq; without before, after and around the newest.',
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
      summary: 'Search the messages that one can see',
      description:
        'Newest first. A page may hold fewer than `limit`, even none, and still have a `nextCursor`: what is rare among very many messages is looked for in several steps.',
      limit: 'search',
      query: SearchMessages,
      returns: { 200: SearchResult },
      handle: async ({ actor, query }) => ok(await messages.search(actor, query)),
    }),
  ];
}
