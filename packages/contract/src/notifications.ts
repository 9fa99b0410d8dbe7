import { z } from 'zod';
import { roles } from './roles.js';
import { objectId, page, rule, time } from './input.js';

export const notificationKinds = [
  'message',
  'mention',
  'reaction',
  'reply',
  'group_added',
  'group_removed',
  'role_changed',
  'security',
] as const;
export type NotificationKind = (typeof notificationKinds)[number];

const Data = z
  .strictObject({
    role: z.enum(roles).optional().describe('The new role, of a `role_changed`'),
    emoji: z.string().optional().describe('The latest one, of a `reaction`'),
    sessionId: objectId.optional().describe('The session that was ended, of a `security`'),
  })
  .meta({ id: 'NotificationData' });
export type NotificationData = z.infer<typeof Data>;

export const Notification = z
  .strictObject({
    id: objectId,
    kind: z.enum(notificationKinds),
    actorId: objectId.nullable(),
    conversationId: objectId.nullable(),
    messageId: objectId
      .nullable()
      .describe('The message that mentions, answers, or was reacted to, else the newest one counted'),
    count: z.int().describe('Unread messages, or reactions; else 1'),
    data: Data,
    readAt: time.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Notification' });
export type Notification = z.infer<typeof Notification>;

export const NotificationList = z
  .strictObject({ items: z.array(Notification), nextCursor: z.string().nullable() })
  .meta({ id: 'NotificationList' });
export type NotificationList = z.infer<typeof NotificationList>;

export const ListNotifications = page
  .extend({ unread: z.boolean().default(false).describe('Only those that are not read') })
  .meta({ id: 'ListNotifications' });
export type ListNotifications = z.output<typeof ListNotifications>;

export const UnreadNotifications = z.strictObject({ unread: z.int() }).meta({ id: 'UnreadNotifications' });
export type UnreadNotifications = z.infer<typeof UnreadNotifications>;

export const ReadNotifications = z
  .strictObject({ ids: z.array(objectId).max(100).optional(), all: z.literal(true).optional() })
  .refine(({ ids, all }) => (ids === undefined) !== (all === undefined), {
    ...rule('Either ids or all', 'Soit ids, soit all'),
    path: ['all'],
  })
  .meta({ id: 'ReadNotifications' });
export type ReadNotifications = z.output<typeof ReadNotifications>;

export const NotificationParams = z.strictObject({ id: objectId });
