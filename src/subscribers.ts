import type { Facts } from './facts.js';
import type { FactBus } from './kernel/fact-bus.js';
import type { Broadcast } from './realtime/broadcast.js';
import type { Typing } from './realtime/typing.js';
import type { Notifications } from './features/notifications/notifications.service.js';
import type { Pump } from './features/notifications/pump.js';
import type { Watching } from './realtime/watching.js';

interface Listeners {
  broadcast: Broadcast;
  typing: Pick<Typing, 'sent' | 'left'>;
  watching: Pick<Watching, 'look'>;
  pump: Pick<Pump, 'wake'>;
  notifications: Pick<Notifications, 'conversationRead'>;
}

/** Who listens to which fact: the news for sockets to all of them, and first. */
export function subscribeAll(
  bus: FactBus<Facts>,
  { broadcast, typing, watching, pump, notifications }: Listeners,
): void {
  function tell<Name extends keyof Facts>(name: Name): void {
    bus.subscribe(name, (fact) => broadcast[name](fact));
  }
  for (const name of Object.keys(broadcast) as (keyof Facts)[]) tell(name);
  bus.subscribe('message.created', (fact) => typing.sent(fact));
  bus.subscribe('membership.ended', (fact) => typing.left(fact));
  bus.subscribe('contact.severed', ({ conversationId, userIds }) => {
    for (const userId of userIds) typing.left({ conversationId, userId });
  });
  bus.subscribe('message.created', ({ conversationId }) => pump.wake(conversationId));
  bus.subscribe('message.updated', ({ conversationId }) => pump.wake(conversationId));
  bus.subscribe('conversation.read', (fact) => notifications.conversationRead(fact));
  bus.subscribe('presence.veiled', ({ userId }) => watching.look(userId));
}
