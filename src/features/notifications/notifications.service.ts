import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { KeyedQueue } from '../../kernel/keyed-queue.js';
import { page } from '../../kernel/page.js';
import { notFound } from '../../kernel/problem.js';
import type { NotificationPublisher } from './publish.js';
import type { NotificationViews } from './notification-views.js';
import type {
  NotificationPlace,
  NotificationRow,
  NotificationRepository,
} from '../../repositories/notifications/notification-repository.js';
import type {
  ListNotifications,
  Notification,
  NotificationList,
  ReadNotifications,
  UnreadNotifications,
} from '@causerie/contract/notifications';

interface Deps {
  repository: NotificationRepository;
  views: NotificationViews;
  publisher: NotificationPublisher;
  /** Serializes what happens to the notifications of one user. */
  queue: KeyedQueue;
  cursors: Cursors;
}

export interface Notifications {
  list(actor: Actor, request: ListNotifications): Promise<NotificationList>;
  count(actor: Actor): Promise<UnreadNotifications>;
  /** Marks some as read, or all. */
  read(actor: Actor, which: ReadNotifications): Promise<UnreadNotifications>;
  /** Throws `not_found`. */
  readOne(actor: Actor, id: string): Promise<Notification>;
  /** Throws `not_found`. */
  remove(actor: Actor, id: string): Promise<void>;
  /** The newest 50 and the number of unread ones: what a device holds. */
  newest(userId: string): Promise<{ items: Notification[]; unread: number }>;
  /** The user has read a conversation up to `seq`: its notifications up to there become read. */
  conversationRead(event: { userId: string; conversationId: string; seq: number }): Promise<void>;
  /** Notifies a user that one of their sessions was ended because its retired refresh token was used. */
  tokenReused(userId: string, sessionId: string): Promise<void>;
}

const maxNewest = 50;

const placeOf = ({ updatedAt, _id }: NotificationRow): [number, string] => [updatedAt.getTime(), _id];

export function createNotifications({ repository, views, publisher, queue, cursors }: Deps): Notifications {
  function placeIn(list: string, userId: string, cursor: string | undefined): NotificationPlace | null {
    const place = cursors.place<[number, string]>(list, userId, cursor, ['number', 'string']);
    return place && { updatedAt: place[0], id: place[1] };
  }

  return {
    list: ({ userId }, { unread: isUnread, limit, cursor }) =>
      queue.run(userId, async () => {
        const name = `notifications ${isUnread ? 'unread' : 'all'}`;
        const after = placeIn(name, userId, cursor);
        const found = await repository.page(userId, { isUnread, after, limit: limit + 1 });
        const { rows, next } = page(found, limit, placeOf);
        return { items: await views.of(userId, rows), nextCursor: next && cursors.encode(name, userId, next) };
      }),
    count: ({ userId }) => queue.run(userId, async () => ({ unread: await repository.countUnread(userId) })),
    read: ({ userId }, { ids }) =>
      queue.run(userId, async () => {
        await publisher.updated(await repository.read(userId, ids ?? null));
        return { unread: await repository.countUnread(userId) };
      }),
    readOne: ({ userId }, id) =>
      queue.run(userId, async () => {
        await publisher.updated(await repository.read(userId, [id]));
        const row = await repository.one(userId, id);
        const [view] = row ? await views.of(userId, [row]) : [];
        if (!view) throw notFound();
        return view;
      }),
    remove: ({ userId }, id) =>
      queue.run(userId, async () => {
        const row = await repository.one(userId, id);
        const removed = row ? await repository.remove([row]) : [];
        if (removed.length === 0) throw notFound();
        await publisher.removed(removed);
      }),
    newest: (userId) =>
      queue.run(userId, async () => {
        const [found, unread] = await Promise.all([
          repository.page(userId, { isUnread: false, after: null, limit: maxNewest }),
          repository.countUnread(userId),
        ]);
        return { items: await views.of(userId, found), unread };
      }),
    conversationRead: ({ userId, conversationId, seq }) =>
      queue.run(userId, async () => publisher.updated(await repository.readIn(userId, conversationId, seq))),
    async tokenReused(userId, sessionId) {
      await publisher.created(await repository.makeSecurity(userId, sessionId));
    },
  };
}
