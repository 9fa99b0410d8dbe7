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

/** The own notifications, under `/api/notifications`. */
export function notificationEndpoints(notifications: Notifications): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/',
      summary: 'List the own notifications',
      description: 'The latest `updatedAt` first. They are kept for 90 days.',
      query: ListNotifications,
      returns: { 200: NotificationList },
      handle: async ({ actor, query }) => ok(await notifications.list(actor, query)),
    }),
    endpoint({
      method: 'get',
      path: '/count',
      summary: 'Count what is not read',
      returns: { 200: UnreadNotifications },
      handle: async ({ actor }) => ok(await notifications.count(actor)),
    }),
    endpoint({
      method: 'post',
      path: '/read',
      summary: 'Read some notifications, or all',
      description: 'Unknown ids are ignored.',
      body: ReadNotifications,
      returns: { 200: UnreadNotifications },
      handle: async ({ actor, body }) => ok(await notifications.read(actor, body)),
    }),
    endpoint({
      method: 'post',
      path: '/:id/read',
      summary: 'Read a notification',
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
