import type { Actor } from '../../kernel/actor.js';
import type { Cursors } from '../../kernel/cursors.js';
import type { InTurn } from '../../kernel/in-turn.js';
import { notFound } from '../../kernel/problem.js';
import type { NotificationNews } from './notification-news.js';
import type { NotificationViews } from './notification-views.js';
import type { NotificationPlace, NotificationRow, NotificationRows } from './notifications.model.js';
import type {
  ListNotifications,
  Notification,
  NotificationList,
  ReadNotifications,
  UnreadNotifications,
} from './notifications.schemas.js';

interface Deps {
  rows: NotificationRows;
  views: NotificationViews;
  news: NotificationNews;
  /** What one person reads and what is read for him happen one after the other. */
  inTurn: InTurn;
  cursors: Cursors;
}

export interface Notifications {
  list(actor: Actor, asked: ListNotifications): Promise<NotificationList>;
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
  conversationRead(fact: { userId: string; conversationId: string; seq: number }): Promise<void>;
}

const held = 50;

const placeOf = ({ updatedAt, _id }: NotificationRow): [number, string] => [updatedAt.getTime(), String(_id)];

/** Builds the notifications of people. */
export function createNotifications({ rows, views, news, inTurn, cursors }: Deps): Notifications {
  function placeIn(list: string, userId: string, cursor: string | undefined): NotificationPlace | null {
    const place = cursors.place<[number, string]>(list, userId, cursor, ['number', 'string']);
    return place && { updatedAt: place[0], id: place[1] };
  }

  return {
    list: ({ userId }, { unread: isUnread, limit, cursor }) =>
      inTurn(userId, async () => {
        const name = `notifications ${isUnread ? 'unread' : 'all'}`;
        const after = placeIn(name, userId, cursor);
        const found = await rows.page(userId, { isUnread, after, limit: limit + 1 });
        const page = found.slice(0, limit);
        const last = page.at(-1);
        const nextCursor = last && found.length > limit ? cursors.encode(name, userId, placeOf(last)) : null;
        return { items: await views.of(userId, page), nextCursor };
      }),
    count: ({ userId }) => inTurn(userId, async () => ({ unread: await rows.countUnread(userId) })),
    read: ({ userId }, { ids }) =>
      inTurn(userId, async () => {
        await news.updated(await rows.read(userId, ids ?? null));
        return { unread: await rows.countUnread(userId) };
      }),
    readOne: ({ userId }, id) =>
      inTurn(userId, async () => {
        await news.updated(await rows.read(userId, [id]));
        const row = await rows.one(userId, id);
        const [view] = row ? await views.of(userId, [row]) : [];
        if (!view) throw notFound();
        return view;
      }),
    remove: ({ userId }, id) =>
      inTurn(userId, async () => {
        const row = await rows.one(userId, id);
        const gone = row ? await rows.remove([row]) : [];
        if (gone.length === 0) throw notFound();
        await news.removed(gone);
      }),
    newest: (userId) =>
      inTurn(userId, async () => {
        const [found, unread] = await Promise.all([
          rows.page(userId, { isUnread: false, after: null, limit: held }),
          rows.countUnread(userId),
        ]);
        return { items: await views.of(userId, found), unread };
      }),
    conversationRead: ({ userId, conversationId, seq }) =>
      inTurn(userId, async () => news.updated(await rows.readIn(userId, conversationId, seq))),
  };
}
