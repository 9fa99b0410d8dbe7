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
      summary: 'Mark a conversation as read',
      description:
        'Marks all messages up to `seq` as read, and as delivered too. The position only moves forward: a lower or repeated `seq` changes nothing.',
      limit: 'marks',
      params: ConversationParams,
      body: ReadUpTo,
      returns: { 200: ReadResult },
      handle: async ({ actor, params, body }) => ok(await conversations.readPositions.read(actor, params.id, body.seq)),
    }),
    endpoint({
      method: 'post',
      path: '/:id/delivered',
      summary: 'Mark messages as delivered',
      description: 'Marks all messages up to `seq` as delivered. The position only moves forward.',
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
      summary: 'List read receipts',
      description: 'Read and delivered positions of the other members, as far as they show them.',
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
      summary: 'Update conversation settings',
      description: 'Changes settings of the caller; nobody else sees them. Fields that are left out do not change.',
      params: ConversationParams,
      body: UpdateSettings,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await conversations.update(actor, params.id, body)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Hide a conversation',
      description:
        'Clears the history and removes the conversation from the list, for the caller only. It comes back with its next message.',
      params: ConversationParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await conversations.hide(actor, params.id);
        return nothing();
      },
    }),
  ];
}

/** Conversations of the caller, under `/api/conversations`. */
export function conversationEndpoints(conversations: Conversations): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List conversations',
      description: 'Pinned conversations first, then by latest activity.',
      query: ListConversations,
      returns: { 200: ConversationList },
      handle: async ({ actor, query }) => ok(await conversations.list(actor, query)),
    }),
    endpoint({
      method: 'get',
      path: '/unread',
      summary: 'Get unread totals',
      description: 'Totals for a badge. Muted and archived conversations count in `mentions` only.',
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
