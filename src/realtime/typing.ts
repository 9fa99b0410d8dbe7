/** Who is typing where: kept in memory, told as whole lists, forgotten by itself. */
import type { Facts } from '../facts.js';
import type { Actor } from '../kernel/actor.js';
import type { FactBus } from '../kernel/fact-bus.js';
import type { Conversations } from '../features/conversations/conversations.service.js';
import type { Held } from '../views/held.js';
import type { SocketHandlers } from './handler.js';

interface Deps {
  /** `standingOf` throws `not_found` for who is no member, `requireChange` `not_contactable` after a block. */
  conversations: Pick<Conversations, 'standingOf' | 'requireChange'>;
  /** Whom somebody has blocked: they are not shown that he types. */
  blockedBy(userId: string): Promise<string[]>;
  bus: Pick<FactBus<Facts>, 'publish'>;
}

export interface Typing {
  /** Begins, or goes on, for six seconds; throws `not_found`, and `not_contactable` after a block. */
  start(actor: Actor, conversationId: string): Promise<void>;
  /** Ends; nothing if it has ended already. Throws `not_found`. */
  stop(actor: Actor, conversationId: string): Promise<void>;
  /** What a socket was typing ends with it. */
  gone(socketId: string): void;
  /** Who is no member any more types no more. */
  left(fact: Pick<Facts['membership.ended'], 'conversationId' | 'userId'>): void;
  /** Who has sent a message is through with typing it. */
  sent(fact: Pick<Facts['message.created'], 'conversationId' | 'message'>): void;
}

const expiryMs = 6_000;
const tellEveryMs = 1_000;
const largestGroup = 200;

/** One conversation in which somebody types. */
interface Place {
  readonly conversationId: string;
  readonly type: 'direct' | 'group';
  readonly userIds: readonly string[];
  /** The timers that end it, by person and socket; persons in the order in which they began. */
  readonly typists: Map<string, Map<string, NodeJS.Timeout>>;
  /** Who is not shown the typing of whom, by typist. */
  readonly blindTo: Map<string, readonly string[]>;
  /** What was told last, and until when nothing more is told. */
  told: readonly string[];
  pause: NodeJS.Timeout | null;
}

function newPlace({ conversation }: Pick<Held, 'conversation'>): Place {
  return {
    conversationId: String(conversation._id),
    type: conversation.type,
    userIds: conversation.userIds.map(String),
    typists: new Map(),
    blindTo: new Map(),
    told: [],
    pause: null,
  };
}

/** Takes the typing of one socket, or of all sockets of a person, away. */
function remove({ typists }: Place, userId: string, socketId?: string): void {
  const sockets = typists.get(userId);
  for (const [id, timer] of sockets ?? []) {
    if (socketId !== undefined && id !== socketId) continue;
    clearTimeout(timer);
    sockets?.delete(id);
  }
  if (sockets?.size === 0) typists.delete(userId);
}

/** Tells the list at once and then at most once a second, and only when it is another one. */
function createTeller(places: Map<string, Place>, bus: Deps['bus']): (place: Place) => void {
  return function tell(place) {
    if (place.pause !== null) return;
    const typists = [...place.typists.keys()];
    const before = place.told;
    if (typists.join() === before.join()) {
      if (typists.length === 0) places.delete(place.conversationId);
      return;
    }
    place.told = typists;
    const { conversationId, type, userIds, blindTo } = place;
    bus.publish('typing.updated', { conversationId, type, userIds, before, typists, blindTo: new Map(blindTo) });
    place.pause = setTimeout(() => {
      place.pause = null;
      tell(place);
    }, tellEveryMs).unref();
  };
}

/** Builds the typing of one process. */
export function createTyping({ conversations, blockedBy, bus }: Deps): Typing {
  const places = new Map<string, Place>();
  const tell = createTeller(places, bus);
  /** The latest request of each socket, so that one that took longer does not undo a later one. */
  const latest = new Map<string, symbol>();

  /** The standing of who asks; null when the same socket has asked something else meanwhile. */
  async function admitted(actor: Actor, conversationId: string): Promise<Held | null> {
    const key = `${actor.socketId} ${conversationId}`;
    const mine = Symbol(key);
    latest.set(key, mine);
    try {
      const held = await conversations.standingOf(actor.userId, conversationId);
      await conversations.requireChange(held);
      return latest.get(key) === mine ? held : null;
    } finally {
      if (latest.get(key) === mine) latest.delete(key);
    }
  }

  function end(place: Place, userId: string, socketId?: string): void {
    remove(place, userId, socketId);
    tell(place);
  }

  return {
    async start(actor, conversationId) {
      const { userId, socketId = '' } = actor;
      const [held, blindIds] = await Promise.all([admitted(actor, conversationId), blockedBy(userId)]);
      if (!held || held.conversation.memberCount > largestGroup) return;
      const place = places.get(conversationId) ?? newPlace(held);
      places.set(conversationId, place);
      place.blindTo.set(userId, blindIds);
      const sockets = place.typists.get(userId) ?? new Map<string, NodeJS.Timeout>();
      place.typists.set(userId, sockets);
      clearTimeout(sockets.get(socketId));
      sockets.set(socketId, setTimeout(() => end(place, userId, socketId), expiryMs).unref());
      tell(place);
    },
    async stop(actor, conversationId) {
      const held = await admitted(actor, conversationId);
      const place = places.get(conversationId);
      if (held && place) end(place, actor.userId, actor.socketId ?? '');
    },
    gone(socketId) {
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

/** Typing over a socket; there is no other door to it. */
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
