import { type Endpoint, endpoint, nothing, ok } from '../../kernel/endpoint.js';
import {
  ListNotifications,
  Notification,
  NotificationList,
  NotificationParams,
  ReadNotifications,
  UnreadNotifications,
} from '@causerie/contract/notifications';
import type { Notifications } from './notifications.service.js';

/** Notifications of the caller, under `/api/notifications`. */
export function notificationEndpoints(notifications: Notifications): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List notifications',
      description: 'The latest `updatedAt` first. Notifications expire after 90 days.',
      query: ListNotifications,
      returns: { 200: NotificationList },
      handle: async ({ actor, query }) => ok(await notifications.list(actor, query)),
    }),
    endpoint({
      method: 'get',
      path: '/count',
      summary: 'Count unread notifications',
      returns: { 200: UnreadNotifications },
      handle: async ({ actor }) => ok(await notifications.count(actor)),
    }),
    endpoint({
      method: 'post',
      path: '/read',
      summary: 'Mark notifications as read',
      description: 'Marks some notifications or all. Unknown ids are ignored.',
      body: ReadNotifications,
      returns: { 200: UnreadNotifications },
      handle: async ({ actor, body }) => ok(await notifications.read(actor, body)),
    }),
    endpoint({
      method: 'post',
      path: '/:id/read',
      summary: 'Mark a notification as read',
      params: NotificationParams,
      returns: { 200: Notification },
      handle: async ({ actor, params }) => ok(await notifications.readOne(actor, params.id)),
    }),
    endpoint({
      method: 'delete',
      path: '/:id',
      summary: 'Delete a notification',
      params: NotificationParams,
      returns: { 204: null },
      handle: async ({ actor, params }) => {
        await notifications.remove(actor, params.id);
        return nothing();
      },
    }),
  ];
}
