import { type Endpoint, endpoint, made, ok } from '../../kernel/endpoint.js';
import {
  Conversation,
  ConversationList,
  ConversationParams,
  CreateConversation,
  ListConversations,
} from './conversations.schemas.js';
import type { Conversations } from './conversations.service.js';

/** The own conversations, under `/api/conversations`. */
export function conversationEndpoints(conversations: Conversations): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/',
      summary: 'Open a direct conversation',
      description:
        'There is one per pair: 201 if it is new, 200 with the one that exists. With oneself it holds saved messages.',
      body: CreateConversation,
      returns: { 200: Conversation, 201: Conversation },
      handle: async ({ actor, body }) => {
        const { conversation, isNew } = await conversations.create(actor, body);
        return made(conversation, isNew);
      },
    }),
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List the own conversations',
      description: 'Pinned ones first, then by the latest activity.',
      query: ListConversations,
      returns: { 200: ConversationList },
      handle: async ({ actor, query }) => ok(await conversations.list(actor, query)),
    }),
    endpoint({
      method: 'get',
      path: '/:id',
      summary: 'Get a conversation',
      params: ConversationParams,
      returns: { 200: Conversation },
      handle: async ({ actor, params }) => ok(await conversations.get(actor, params.id)),
    }),
  ];
}
