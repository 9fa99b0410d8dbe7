import type { Facts } from './facts.js';
import type { FactBus } from './kernel/fact-bus.js';
import type { Broadcast } from './realtime/broadcast.js';

/** Who listens to which fact: the news for sockets to all of them. */
export function subscribeAll(bus: FactBus<Facts>, broadcast: Broadcast): void {
  function tell<Name extends keyof Facts>(name: Name): void {
    bus.subscribe(name, (fact) => broadcast[name](fact));
  }
  for (const name of Object.keys(broadcast) as (keyof Facts)[]) tell(name);
}
