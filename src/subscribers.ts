import type { Facts } from './facts.js';
import type { FactBus } from './kernel/fact-bus.js';
import type { Broadcast } from './realtime/broadcast.js';
import type { Typing } from './realtime/typing.js';

/** Who listens to which fact: the news for sockets to all of them, and first. */
export function subscribeAll(bus: FactBus<Facts>, broadcast: Broadcast, typing: Pick<Typing, 'sent' | 'left'>): void {
  function tell<Name extends keyof Facts>(name: Name): void {
    bus.subscribe(name, (fact) => broadcast[name](fact));
  }
  for (const name of Object.keys(broadcast) as (keyof Facts)[]) tell(name);
  bus.subscribe('message.created', (fact) => typing.sent(fact));
  bus.subscribe('membership.ended', (fact) => typing.left(fact));
}
