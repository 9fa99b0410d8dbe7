import { type Endpoint, endpoint, made, ok } from '../../kernel/endpoint.js';
import { ListMessages, Message, MessageParams, MessageWindow, SendMessage } from './messages.schemas.js';
import type { Messages } from './messages.service.js';

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
      returns: { 200: MessageWindow },
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
  ];
}
