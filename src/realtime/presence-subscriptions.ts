/** Subscriptions to the presence of users: each socket has a set of its own, which ends with it. */
import type { DomainEvents } from '../domain-events.js';
import type { Actor } from '../kernel/actor.js';
import { createKeyedQueue } from '../kernel/keyed-queue.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { SocketHandlers } from '../kernel/socket-handler.js';
import type { ConnectedUsers } from './presence.js';

/** A presence as a viewer may see it; null if they may not know. */
type VisiblePresence = { online: boolean; lastSeenAt: string | null } | null;

/** The presence of one user. A user whose presence is hidden looks like one who was never online. */
export interface WatchedUserPresence {
  userId: string;
  online: boolean;
  lastSeenAt: string | null;
}

interface Deps {
  presence: Pick<ConnectedUsers, 'onChange'>;
  people: {
    /** What the viewer may know of these users; users that do not exist are left out. */
    presencesOf(viewerId: string, userIds: readonly string[]): Promise<Map<string, VisiblePresence>>;
    /** What each of these viewers may know of one user. */
    presenceFor(userId: string, viewerIds: readonly string[]): Promise<Map<string, VisiblePresence>>;
  };
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
  onError: (error: unknown) => void;
}

export interface PresenceSubscriptions {
  /** Replaces the set of the calling socket, and returns the present state of these users. */
  watch(actor: Actor, userIds: readonly string[]): Promise<WatchedUserPresence[]>;
  /** Publishes the state of a user to those who watch them: what they show may have changed. */
  refresh(userId: string): void;
  /** A socket has disconnected. */
  disconnected(socketId: string): void;
}

const hidden = { online: false, lastSeenAt: null };

/** Which socket, of which viewer, watches which users, in both directions. */
function createSets() {
  const bySocket = new Map<string, Set<string>>();
  const watchers = new Map<string, Map<string, string>>();

  function clear(socketId: string): void {
    for (const userId of bySocket.get(socketId) ?? []) {
      const sockets = watchers.get(userId);
      sockets?.delete(socketId);
      if (sockets?.size === 0) watchers.delete(userId);
    }
    bySocket.delete(socketId);
  }

  return {
    clear,
    replace(socketId: string, viewerId: string, userIds: readonly string[]): void {
      clear(socketId);
      if (userIds.length === 0) return;
      bySocket.set(socketId, new Set(userIds));
      for (const userId of userIds) {
        watchers.set(userId, (watchers.get(userId) ?? new Map<string, string>()).set(socketId, viewerId));
      }
    },
    /** The sockets that watch a user, and their viewers. */
    of: (userId: string): ReadonlyMap<string, string> => watchers.get(userId) ?? new Map<string, string>(),
  };
}

export function createPresenceSubscriptions({ presence, people, bus, onError }: Deps): PresenceSubscriptions {
  const sets = createSets();
  /** Changes of one user are published one after the other, each as it stands when its turn comes. */
  const queue = createKeyedQueue();

  /** A viewer who may not know gets no event, unless they may have known before. */
  async function publish(userId: string, isRedacted: boolean): Promise<void> {
    const viewers = [...new Set(sets.of(userId).values())];
    if (viewers.length === 0) return;
    const lastShown = await people.presenceFor(userId, viewers);
    for (const [socketId, viewerId] of sets.of(userId)) {
      const state = lastShown.get(viewerId) ?? (isRedacted ? hidden : null);
      if (state) bus.publish('presence.updated', { socketId, userId, ...state });
    }
  }

  function refresh(userId: string, isRedacted: boolean): void {
    queue.run(userId, () => publish(userId, isRedacted)).catch(onError);
  }

  presence.onChange((userId) => refresh(userId, false));

  return {
    refresh: (userId) => refresh(userId, true),
    async watch({ userId: viewerId, socketId = '' }, userIds) {
      // Watch first and read afterwards: changes in between are published, and nothing is missed.
      sets.replace(socketId, viewerId, userIds);
      const states = await people.presencesOf(viewerId, userIds);
      return userIds.map((userId) => ({ userId, ...(states.get(userId) ?? hidden) }));
    },
    disconnected: sets.clear,
  };
}

/** Watching is possible over a socket only. */
export function presenceSockets({ watch }: Pick<PresenceSubscriptions, 'watch'>): SocketHandlers<'presence:watch'> {
  return {
    'presence:watch': async (actor, { userIds }) => ({ items: await watch(actor, [...new Set(userIds)]) }),
  };
}
