import { z } from 'zod';
import { roles } from './roles.js';
import { nextCursor, objectId, page, rule, time } from './input.js';

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
    role: z.enum(roles).optional().describe('For `role_changed`: the new role'),
    emoji: z.string().optional().describe('For `reaction`: the latest emoji'),
    sessionId: objectId.optional().describe('For `security`: id of the session that was ended'),
  })
  .meta({ id: 'NotificationData', description: 'Details that depend on the kind' });
export type NotificationData = z.infer<typeof Data>;

export const Notification = z
  .strictObject({
    id: objectId,
    kind: z.enum(notificationKinds).describe('What the notification is about'),
    actorId: objectId.nullable().describe('Id of the user who caused it last; null if nobody did'),
    conversationId: objectId.nullable().describe('Id of the conversation; null if it concerns none'),
    messageId: objectId
      .nullable()
      .describe(
        'Id of the message that mentions the user, replies to the user or was reacted to, else of the newest message counted; null if it concerns none',
      ),
    count: z.int().describe('For `message`: number of unread messages; for `reaction`: number of reactions; else 1'),
    data: Data,
    readAt: time.nullable().describe('When it was read; null if it is unread'),
    createdAt: time,
    updatedAt: time.describe('When it was created or counted more; reading does not change it'),
  })
  .meta({ id: 'Notification' });
export type Notification = z.infer<typeof Notification>;

export const NotificationList = z
  .strictObject({ items: z.array(Notification), nextCursor })
  .meta({ id: 'NotificationList' });
export type NotificationList = z.infer<typeof NotificationList>;

export const ListNotifications = page
  .extend({ unread: z.boolean().default(false).describe('Only unread notifications') })
  .meta({ id: 'ListNotifications' });
export type ListNotifications = z.output<typeof ListNotifications>;

export const UnreadNotifications = z
  .strictObject({ unread: z.int().describe('Number of unread notifications') })
  .meta({ id: 'UnreadNotifications' });
export type UnreadNotifications = z.infer<typeof UnreadNotifications>;

export const ReadNotifications = z
  .strictObject({
    ids: z.array(objectId).max(100).optional().describe('Ids of notifications; give either this or `all`'),
    all: z.literal(true).optional().describe('Mark every notification as read; give either this or `ids`'),
  })
  .refine(({ ids, all }) => (ids === undefined) !== (all === undefined), {
    ...rule('Give either ids or all', 'Indiquez soit ids, soit all'),
    path: ['all'],
  })
  .meta({ id: 'ReadNotifications' });
export type ReadNotifications = z.output<typeof ReadNotifications>;

export const NotificationParams = z.strictObject({ id: objectId.describe('Id of the notification') });
