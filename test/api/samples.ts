import { z } from 'zod';
import type { Target } from '../support/client.js';
import { makeDirect, makeGroup, makeUser, sendText, type TestUser } from '../support/factories.js';
import { upload } from '../support/media.js';
import { routeTable } from '../support/table.js';

/** A valid request for one route, with every field. */
export interface Sample {
  name: string;
  method: string;
  /** The path with its parameters filled in. */
  path: string;
  params: Record<string, string>;
  query: Record<string, string>;
  body: Record<string, unknown> | undefined;
  /** The requesting user. */
  user: TestUser;
}

interface Parts {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
}

function partsFor(
  user: TestUser,
  other: TestUser,
  ids: { conversation: string; message: string; group: string; upload: string },
): Record<string, Parts> {
  const suffix = user.username;
  const newPassword = `another ${suffix} password`;
  const list = { limit: '5' };
  return {
    'POST /api/auth/register': {
      body: {
        email: `x${suffix}@example.test`,
        username: `x${suffix}`,
        password: newPassword,
        displayName: 'Somebody',
        deviceName: 'Device',
      },
    },
    'POST /api/auth/login': { body: { identifier: suffix, password: user.password, deviceName: 'Device' } },
    'POST /api/auth/refresh': { body: { refreshToken: user.tokens.refreshToken } },
    'POST /api/auth/forgot-password': { body: { email: user.email } },
    'POST /api/auth/reset-password': { body: { token: 'not one of ours', password: newPassword } },
    'POST /api/auth/verify-email': { body: { token: 'not one of ours' } },
    'POST /api/auth/change-password': { body: { currentPassword: user.password, newPassword } },
    'POST /api/auth/change-email': { body: { password: user.password, email: `y${suffix}@example.test` } },
    'PUT /api/users/profile': { body: { displayName: 'Somebody', username: `y${suffix}`, bio: 'bio' } },
    'DELETE /api/users/sessions/:sessionId': { params: { sessionId: user.session.id } },
    'GET /api/users/:userId': { params: { userId: other.id } },
    'DELETE /api/users/me': { body: { password: user.password, dryRun: true } },
    'GET /api/users': { query: { ids: other.id } },
    'PUT /api/users/avatar': { body: { uploadId: ids.message } },
    'PUT /api/users/status': { body: { emoji: '🦑', text: 'away', expiresAt: '2099-01-01T00:00:00Z' } },
    'PUT /api/users/privacy': {
      body: {
        lastSeen: 'contacts',
        readReceipts: true,
        directMessages: 'everyone',
        groupInvites: 'everyone',
        findByEmail: false,
      },
    },
    'GET /api/contacts': { query: { ...list, q: 'a' } },
    'POST /api/contacts': { body: { userId: other.id, alias: 'Somebody' } },
    'PATCH /api/contacts/:userId': { params: { userId: other.id }, body: { alias: 'Somebody' } },
    'DELETE /api/contacts/:userId': { params: { userId: other.id } },
    'GET /api/contacts/search': { query: { q: 'somebody' } },
    'PUT /api/contacts/:userId/block': { params: { userId: other.id } },
    'DELETE /api/contacts/:userId/block': { params: { userId: other.id } },
    'POST /api/conversations': { body: { type: 'direct', userId: other.id } },
    'GET /api/conversations': { query: { ...list, filter: 'all' } },
    'GET /api/conversations/:id': { params: { id: ids.conversation } },
    'PATCH /api/conversations/:id': {
      params: { id: ids.conversation },
      body: { mutedUntil: '2030-01-01T00:00:00Z', archived: false, pinned: false, markedUnread: false },
    },
    'DELETE /api/conversations/:id': { params: { id: ids.conversation } },
    'POST /api/conversations/:id/read': { params: { id: ids.conversation }, body: { seq: 1 } },
    'POST /api/conversations/:id/delivered': { params: { id: ids.conversation }, body: { seq: 1 } },
    'GET /api/conversations/:id/receipts': { params: { id: ids.conversation }, query: list },
    'POST /api/messages': {
      body: {
        conversationId: ids.conversation,
        clientId: `sample-${suffix}`,
        text: 'hello',
        attachments: [],
        replyTo: ids.message,
        mentions: [other.id],
      },
    },
    'POST /api/groups': {
      body: {
        title: 'A group',
        description: 'about it',
        memberIds: [other.id],
        photoUploadId: ids.message,
        clientId: `sample-${suffix}`,
      },
    },
    'GET /api/groups/:id': { params: { id: ids.group } },
    'PATCH /api/groups/:id': { params: { id: ids.group }, body: { title: 'Another', description: 'another' } },
    'DELETE /api/groups/:id': { params: { id: ids.group } },
    'PUT /api/groups/:id/photo': { params: { id: ids.group }, body: { uploadId: ids.message } },
    'DELETE /api/groups/:id/photo': { params: { id: ids.group } },
    'GET /api/groups/:id/members': { params: { id: ids.group }, query: list },
    'POST /api/groups/:id/members': { params: { id: ids.group }, body: { userIds: [other.id] } },
    'DELETE /api/groups/:id/members/:userId': { params: { id: ids.group, userId: other.id } },
    'PATCH /api/groups/:id/members/:userId': { params: { id: ids.group, userId: other.id }, body: { role: 'admin' } },
    'POST /api/groups/:id/leave': { params: { id: ids.group } },
    'POST /api/groups/:id/transfer': { params: { id: ids.group }, body: { userId: other.id } },
    'GET /api/notifications': { query: { ...list, unread: 'true' } },
    'POST /api/notifications/read': { body: { ids: [ids.message] } },
    'POST /api/notifications/:id/read': { params: { id: ids.message } },
    'DELETE /api/notifications/:id': { params: { id: ids.message } },
    'GET /api/upload/:id': { params: { id: ids.upload } },
    'DELETE /api/upload/:id': { params: { id: ids.upload } },
    'GET /api/upload/:id/content': { params: { id: ids.upload } },
    'GET /api/images/:id': { params: { id: ids.upload }, query: { size: 'thumb' } },
    'POST /api/sync': { body: { cursor: 'none of ours', limit: 5 } },
    'GET /api/messages': { query: { ...list, conversationId: ids.conversation, after: '0' } },
    'GET /api/messages/search': {
      query: { ...list, q: 'first', conversationId: ids.conversation, senderId: user.id },
    },
    'GET /api/messages/:id': { params: { id: ids.message } },
    'GET /api/messages/:id/receipts': { params: { id: ids.message } },
    'GET /api/messages/:id/revisions': { params: { id: ids.message } },
    'PATCH /api/messages/:id': { params: { id: ids.message }, body: { text: 'another', revision: 0 } },
    'PUT /api/reactions/:messageId/:emoji': { params: { messageId: ids.message, emoji: encodeURIComponent('👍🏽') } },
    'DELETE /api/reactions/:messageId/:emoji': { params: { messageId: ids.message, emoji: encodeURIComponent('👍🏽') } },
    'GET /api/reactions/:messageId': { params: { messageId: ids.message }, query: list },
    'DELETE /api/messages/:id': { params: { id: ids.message }, query: { scope: 'everyone' } },
  };
}

/** Creates a valid request for every route, each by a new user. */
export async function makeSamples(server: Target): Promise<Sample[]> {
  const other = await makeUser(server);
  const samples: Sample[] = [];
  for (const { name } of routeTable()) {
    const user = await makeUser(server);
    const conversation = await makeDirect(server, user, other);
    const message = await sendText(server, user, conversation.id, 'the first');
    const group = name.includes('/groups/') ? (await makeGroup(server, user, [other])).id : message.id;
    const uploadId = /(upload|images)\/:/.test(name) ? (await upload(server, user)).id : message.id;
    const ids = { conversation: conversation.id, message: message.id, group, upload: uploadId };
    const parts = partsFor(user, other, ids)[name] ?? {};
    const [method = '', pattern = ''] = name.split(' ');
    const params = parts.params ?? {};
    const path = pattern.replace(/:(\w+)/g, (_, key: string) => params[key] ?? `no-sample-for-${key}`);
    samples.push({ name, method, path, params, query: parts.query ?? {}, body: parts.body, user });
  }
  return samples;
}

/** The path of a sample with its query. */
export function targetOf({ path, query }: Sample, other: Record<string, string> = query): string {
  const search = new URLSearchParams(other).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** The names of the fields of an object schema. */
export function fieldsOf(schema: z.ZodType | undefined): string[] {
  // For a union, the sample matches the first option.
  const object = schema instanceof z.ZodDiscriminatedUnion ? schema.options[0] : schema;
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}
