import {
  Conversation,
  ConversationList,
  ConversationParams,
  DeliveredResult,
  ListConversations,
  ListReceipts,
  NamePeople,
  ReadUpTo,
  ReadResult,
  ReceiptList,
  UnreadTotals,
  UpdateSettings,
} from '@causerie/contract/conversations';
import { Me, UpdatePrivacy, UserParams, UserRefList } from '@causerie/contract/users';
import { type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import type { Conversations } from './conversations.service.js';

/** Endpoints under `/api/conversations`. */
export function conversationEndpoints(conversations: Conversations): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List conversations',
      description: 'Pinned conversations first, then by latest activity.',
      query: ListConversations,
      returns: { 200: ConversationList },
      handle: async ({ actor, query }) => ok(await conversations.listConversations(actor, query)),
    }),
    endpoint({
      method: 'get',
      path: '/unread',
      summary: 'Get unread totals',
      description: 'Totals for a badge. Muted and archived conversations count in `mentions` only.',
      returns: { 200: UnreadTotals },
      handle: async ({ actor }) => ok(await conversations.countUnread(actor)),
    }),
    endpoint({
      method: 'get',
      path: '/:id',
      summary: 'Get a conversation',
      params: ConversationParams,
      returns: { 200: Conversation },
      handle: async ({ actor, params }) => ok(await conversations.get(actor, params.id)),
    }),
    ...settingsEndpoints(conversations),
    ...receiptEndpoints(conversations),
  ];
}

function settingsEndpoints(conversations: Conversations): Endpoint[] {
  return [
    endpoint({
      method: 'patch',
      path: '/:id',
      summary: 'Update conversation settings',
      description: 'Changes settings of the caller; nobody else sees them. Fields that are left out do not change.',
      params: ConversationParams,
      body: UpdateSettings,
      returns: { 200: Conversation },
      handle: async ({ actor, params, body }) => ok(await conversations.updateSettings(actor, params.id, body)),
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
        await conversations.hideConversation(actor, params.id);
        return nothing();
      },
    }),
  ];
}

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
      handle: async ({ actor, params, body }) => ok(await conversations.markRead(actor, params.id, body.seq)),
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
      handle: async ({ actor, params, body }) => ok(await conversations.markDelivered(actor, params.id, body.seq)),
    }),
    endpoint({
      method: 'get',
      path: '/:id/receipts',
      summary: 'List read receipts',
      description: 'Read and delivered positions of the other members, as far as they show them.',
      params: ConversationParams,
      query: ListReceipts,
      returns: { 200: ReceiptList },
      handle: async ({ actor, params, query }) => ok(await conversations.listReceipts(actor, params.id, query)),
    }),
  ];
}

/** Endpoints under `/api/contacts`. */
export function blockingEndpoints(conversations: Pick<Conversations, 'blockUser' | 'unblockUser'>): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/:userId/block',
      summary: 'Block a user',
      description:
        'Once the request succeeds, no direct message from the blocked user is accepted. The user is not notified.',
      params: UserParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await conversations.blockUser(actor, params.userId);
        return nothing();
      },
    }),
    endpoint({
      method: 'delete',
      path: '/:userId/block',
      summary: 'Unblock a user',
      params: UserParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await conversations.unblockUser(actor, params.userId);
        return nothing();
      },
    }),
  ];
}

/** Endpoints under `/api/users`. */
export function companionEndpoints(conversations: Pick<Conversations, 'updatePrivacy' | 'namesOf'>): Endpoint[] {
  return [
    endpoint({
      method: 'put',
      path: '/privacy',
      summary: 'Update privacy settings',
      description:
        'Fields that are left out do not change. `contacts` means the people whom the caller has added as contacts.',
      body: UpdatePrivacy,
      returns: { 200: Me },
      handle: async ({ actor, body }) => ok(await conversations.updatePrivacy(actor, body)),
    }),
    endpoint({
      method: 'get',
      path: '/',
      summary: 'Get users by ids',
      description: 'Users with whom the caller shares neither a conversation nor a contact are left out.',
      query: NamePeople,
      returns: { 200: UserRefList },
      handle: async ({ actor, query }) => ok(await conversations.namesOf(actor, query.ids)),
    }),
  ];
}
