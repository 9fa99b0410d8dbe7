/** Typing indicators: kept in memory, published as whole lists, expiring by themselves. */
import type { DomainEvents } from '../domain-events.js';
import type { Actor } from '../kernel/actor.js';
import type { EventBus } from '../kernel/event-bus.js';
import { createThrottle } from '../kernel/throttle.js';
import type { Conversations } from '../features/conversations/conversations.service.js';
import type { Membership } from '../views/membership.js';
import type { SocketHandlers } from '../kernel/socket-handler.js';

interface Deps {
  /** `requireMembership` throws `not_found` for users who are not members, `requireNotBlocked` `not_contactable` after a block. */
  conversations: Pick<Conversations, 'requireMembership' | 'requireNotBlocked'>;
  /** The ids of the users that a user has blocked: they are not shown the typing of that user. */
  blockedBy(userId: string): Promise<string[]>;
  bus: Pick<EventBus<DomainEvents>, 'publish'>;
}

export interface Typing {
  /** Starts or goes on for six seconds; throws `not_found`, and `not_contactable` after a block. */
  start(actor: Actor, conversationId: string): Promise<void>;
  /** Stops; does nothing if it has stopped already. Throws `not_found`. */
  stop(actor: Actor, conversationId: string): Promise<void>;
  /** The typing of a socket ends with it. */
  disconnected(socketId: string): void;
  /** The typing of a removed member ends. */
  left(event: Pick<DomainEvents['membership.ended'], 'conversationId' | 'userId'>): void;
  /** The typing of a sender ends with the message. */
  sent(event: Pick<DomainEvents['message.created'], 'conversationId' | 'message'>): void;
}

const expiryMs = 6_000;
const publishEveryMs = 1_000;
const maxGroupSize = 200;

/** A conversation in which somebody types. */
interface Place {
  readonly conversationId: string;
  readonly type: 'direct' | 'group';
  readonly userIds: readonly string[];
  /** The expiry timers by user and socket; users in the order in which they started. */
  readonly typists: Map<string, Map<string, NodeJS.Timeout>>;
  /** The members who are not shown a typing user, by the id of that user. */
  readonly hiddenFrom: Map<string, readonly string[]>;
  /** The list that was published last. */
  published: readonly string[];
}

function newPlace({ conversation }: Pick<Membership, 'conversation'>): Place {
  return {
    conversationId: conversation._id,
    type: conversation.type,
    userIds: conversation.userIds,
    typists: new Map(),
    hiddenFrom: new Map(),
    published: [],
  };
}

/** Removes the typing of one socket, or of all sockets of a user. */
function remove({ typists }: Place, userId: string, socketId?: string): void {
  const sockets = typists.get(userId);
  for (const [id, timer] of sockets ?? []) {
    if (socketId !== undefined && id !== socketId) continue;
    clearTimeout(timer);
    sockets?.delete(id);
  }
  if (sockets?.size === 0) typists.delete(userId);
}

/** Publishes the list of a conversation at once and then at most once a second, and only if it has changed. */
function createPublisher(places: Map<string, Place>, bus: Deps['bus']): (conversationId: string) => void {
  return createThrottle(publishEveryMs, (conversationId) => {
    const place = places.get(conversationId);
    if (!place) return;
    const { type, userIds, published: before } = place;
    const typists = [...place.typists.keys()];
    if (typists.length === 0) places.delete(conversationId);
    if (typists.join() === before.join()) return;
    place.published = typists;
    const hiddenFrom = new Map(place.hiddenFrom);
    bus.publish('typing.updated', { conversationId, type, userIds, before, typists, hiddenFrom });
  });
}

export function createTyping({ conversations, blockedBy, bus }: Deps): Typing {
  const places = new Map<string, Place>();
  const publish = createPublisher(places, bus);
  /** The latest request of each socket, so that a slower one does not undo a later one. */
  const latest = new Map<string, symbol>();

  /** The membership of the caller; null if the same socket has sent another request meanwhile. */
  async function admitted(actor: Actor, conversationId: string): Promise<Membership | null> {
    const key = `${actor.socketId} ${conversationId}`;
    const mine = Symbol(key);
    latest.set(key, mine);
    try {
      const membership = await conversations.requireMembership(actor.userId, conversationId);
      await conversations.requireNotBlocked(membership);
      return latest.get(key) === mine ? membership : null;
    } finally {
      if (latest.get(key) === mine) latest.delete(key);
    }
  }

  function end(place: Place, userId: string, socketId?: string): void {
    remove(place, userId, socketId);
    publish(place.conversationId);
  }

  return {
    async start(actor, conversationId) {
      const { userId, socketId = '' } = actor;
      const [membership, cannotSeeIds] = await Promise.all([admitted(actor, conversationId), blockedBy(userId)]);
      if (!membership || membership.conversation.memberCount > maxGroupSize) return;
      const place = places.get(conversationId) ?? newPlace(membership);
      places.set(conversationId, place);
      place.hiddenFrom.set(userId, cannotSeeIds);
      const sockets = place.typists.get(userId) ?? new Map<string, NodeJS.Timeout>();
      place.typists.set(userId, sockets);
      clearTimeout(sockets.get(socketId));
      sockets.set(socketId, setTimeout(() => end(place, userId, socketId), expiryMs).unref());
      publish(conversationId);
    },
    async stop(actor, conversationId) {
      const membership = await admitted(actor, conversationId);
      const place = places.get(conversationId);
      if (membership && place) end(place, actor.userId, actor.socketId ?? '');
    },
    disconnected(socketId) {
      for (const place of places.values()) {
        for (const userId of place.typists.keys()) end(place, userId, socketId);
      }
    },
    left({ conversationId, userId }) {
      const place = places.get(conversationId);
      if (place) end(place, userId);
    },
    sent({ conversationId, message }) {
      const place = places.get(conversationId);
      if (place && message.senderId !== null) end(place, message.senderId);
    },
  };
}

/** Typing is possible over a socket only. */
export function typingSockets(typing: Pick<Typing, 'start' | 'stop'>): SocketHandlers<'typing:start' | 'typing:stop'> {
  return {
    'typing:start': async (actor, { conversationId }) => {
      await typing.start(actor, conversationId);
      return null;
    },
    'typing:stop': async (actor, { conversationId }) => {
      await typing.stop(actor, conversationId);
      return null;
    },
  };
}
