import type { DomainEvents } from './domain-events.js';
import type { EventBus } from './kernel/event-bus.js';
import type { Broadcast } from './realtime/broadcast.js';
import type { Typing } from './realtime/typing.js';
import type { Notifications } from './features/notifications/notifications.service.js';
import type { Notifier } from './features/notifications/notifier.js';
import type { PresenceSubscriptions } from './realtime/presence-subscriptions.js';

interface Listeners {
  broadcast: Broadcast;
  typing: Pick<Typing, 'sent' | 'left'>;
  presenceSubscriptions: Pick<PresenceSubscriptions, 'refresh'>;
  notifier: Pick<Notifier, 'wake'>;
  notifications: Pick<Notifications, 'conversationRead'>;
}

/** Subscribes everything that listens to domain events; sockets come first, and listen to all of them. */
export function subscribeAll(
  bus: EventBus<DomainEvents>,
  { broadcast, typing, presenceSubscriptions, notifier, notifications }: Listeners,
): void {
  function forward<Name extends keyof DomainEvents>(name: Name): void {
    bus.subscribe(name, broadcast[name]);
  }
  for (const name of Object.keys(broadcast) as (keyof DomainEvents)[]) forward(name);
  bus.subscribe('message.created', typing.sent);
  bus.subscribe('membership.ended', typing.left);
  bus.subscribe('contact.severed', ({ conversationId, userIds }) => {
    for (const userId of userIds) typing.left({ conversationId, userId });
  });
  bus.subscribe('message.created', notifier.wake);
  bus.subscribe('message.updated', notifier.wake);
  bus.subscribe('conversation.read', notifications.conversationRead);
  bus.subscribe('presence.redacted', ({ userId }) => presenceSubscriptions.refresh(userId));
}
