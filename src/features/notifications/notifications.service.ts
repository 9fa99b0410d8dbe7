import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { KeyedQueue } from '../../kernel/keyed-queue.js';
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
  /** What one person reads and what is read for him happen one after the other. */
  runInOrder: KeyedQueue;
  cursors: Cursors;
}

export interface Notifications {
  list(actor: Actor, request: ListNotifications): Promise<NotificationList>;
  count(actor: Actor): Promise<UnreadNotifications>;
  /** Reads some, or all. */
  read(actor: Actor, which: ReadNotifications): Promise<UnreadNotifications>;
  /** Throws `not_found`. */
  readOne(actor: Actor, id: string): Promise<Notification>;
  /** Throws `not_found`. */
  remove(actor: Actor, id: string): Promise<void>;
  /** The newest 50 and how many are not read: what a device holds. */
  newest(userId: string): Promise<{ items: Notification[]; unread: number }>;
  /** A mark has moved: what it reads is read. */
  conversationRead(event: { userId: string; conversationId: string; seq: number }): Promise<void>;
}

const held = 50;

const placeOf = ({ updatedAt, _id }: NotificationRow): [number, string] => [updatedAt.getTime(), String(_id)];

/** Builds the notifications of people. */
export function createNotifications({ repository, views, publisher, runInOrder, cursors }: Deps): Notifications {
  function placeIn(list: string, userId: string, cursor: string | undefined): NotificationPlace | null {
    const place = cursors.place<[number, string]>(list, userId, cursor, ['number', 'string']);
    return place && { updatedAt: place[0], id: place[1] };
  }

  return {
    list: ({ userId }, { unread: isUnread, limit, cursor }) =>
      runInOrder(userId, async () => {
        const name = `notifications ${isUnread ? 'unread' : 'all'}`;
        const after = placeIn(name, userId, cursor);
        const found = await repository.page(userId, { isUnread, after, limit: limit + 1 });
        const page = found.slice(0, limit);
        const last = page.at(-1);
        const nextCursor = last && found.length > limit ? cursors.encode(name, userId, placeOf(last)) : null;
        return { items: await views.of(userId, page), nextCursor };
      }),
    count: ({ userId }) => runInOrder(userId, async () => ({ unread: await repository.countUnread(userId) })),
    read: ({ userId }, { ids }) =>
      runInOrder(userId, async () => {
        await publisher.updated(await repository.read(userId, ids ?? null));
        return { unread: await repository.countUnread(userId) };
      }),
    readOne: ({ userId }, id) =>
      runInOrder(userId, async () => {
        await publisher.updated(await repository.read(userId, [id]));
        const row = await repository.one(userId, id);
        const [view] = row ? await views.of(userId, [row]) : [];
        if (!view) throw notFound();
        return view;
      }),
    remove: ({ userId }, id) =>
      runInOrder(userId, async () => {
        const row = await repository.one(userId, id);
        const removed = row ? await repository.remove([row]) : [];
        if (removed.length === 0) throw notFound();
        await publisher.removed(removed);
      }),
    newest: (userId) =>
      runInOrder(userId, async () => {
        const [found, unread] = await Promise.all([
          repository.page(userId, { isUnread: false, after: null, limit: held }),
          repository.countUnread(userId),
        ]);
        return { items: await views.of(userId, found), unread };
      }),
    conversationRead: ({ userId, conversationId, seq }) =>
      runInOrder(userId, async () => publisher.updated(await repository.readIn(userId, conversationId, seq))),
  };
}
