import { type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import {
  Conversation,
  ConversationList,
  ConversationParams,
  DeliveredResult,
  ListConversations,
  ListReceipts,
  ReadUpTo,
  ReadResult,
  ReceiptList,
  UnreadTotals,
  UpdateSettings,
} from '@causerie/contract/conversations';
import type { Conversations } from './conversations.service.js';

function receiptEndpoints(conversations: Conversations): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/:id/read',
      summary: 'Mark messages read up to a number',
      description: 'Marks only move forward, and reading is delivery too; an older or repeated mark changes nothing.',
      limit: 'marks',
      params: ConversationParams,
      body: ReadUpTo,
      returns: { 200: ReadResult },
      handle: async ({ actor, params, body }) => ok(await conversations.readPositions.read(actor, params.id, body.seq)),
    }),
    endpoint({
      method: 'post',
      path: '/:id/delivered',
      summary: 'Mark messages delivered up to a number',
      limit: 'marks',
      params: ConversationParams,
      body: ReadUpTo,
      returns: { 200: DeliveredResult },
      handle: async ({ actor, params, body }) =>
        ok(await conversations.readPositions.delivered(actor, params.id, body.seq)),
    }),
    endpoint({
      method: 'get',
      path: '/:id/receipts',
      summary: 'List how far the other members are',
      description: 'As far as they show it.',
      params: ConversationParams,
      query: ListReceipts,
      returns: { 200: ReceiptList },
      handle: async ({ actor, params, query }) => ok(await conversations.receipts(actor, params.id, query)),
    }),
  ];
}

function ownEndpoints(conversations: Conversations): Endpoint[] {
  return [
    endpoint({
      method: 'patch',
      path: '/:id',
      summary: 'Change the own settings in a conversation',
      description: 'What is left out stays as it is.',
      params: ConversationParams,
      body: UpdateSettings,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await conversations.update(actor, params.id, body)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Empty and hide a conversation for oneself',
      description: 'It comes back, empty but for what is new, with its next message.',
      params: ConversationParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await conversations.hide(actor, params.id);
        return nothing();
      },
    }),
  ];
}

/** The own conversations, under `/api/conversations`. */
export function conversationEndpoints(conversations: Conversations): Endpoint[] {
  return [
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
      path: '/unread',
      summary: 'Get the totals for a badge',
      description: 'A muted or archived conversation adds to the mentions only.',
      returns: { 200: UnreadTotals },
      handle: async ({ actor }) => ok(await conversations.unread(actor)),
    }),
    endpoint({
      method: 'get',
      path: '/:id',
      summary: 'Get a conversation',
      params: ConversationParams,
      returns: { 200: Conversation },
      handle: async ({ actor, params }) => ok(await conversations.get(actor, params.id)),
    }),
    ...ownEndpoints(conversations),
    ...receiptEndpoints(conversations),
  ];
}
