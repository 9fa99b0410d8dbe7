/** Hears of one kind of fact. It must be quick: what is slow or may fail puts a durable job in the queue. */
export type Listener<Fact> = (fact: Fact) => void | Promise<void>;

/** Carries facts from the services to their subscribers, in this process and in the order of publishing. */
export interface FactBus<Facts> {
  publish<Name extends keyof Facts>(name: Name, fact: Facts[Name]): void;
  subscribe<Name extends keyof Facts>(name: Name, listener: Listener<Facts[Name]>): void;
}

/** Gives a bus whose listeners cannot harm the publisher: what one throws goes to `onError`, the others still hear. */
export function createFactBus<Facts>(onError: (error: unknown, name: keyof Facts) => void): FactBus<Facts> {
  const listeners: { [Name in keyof Facts]?: Listener<Facts[Name]>[] } = {};

  function tell<Name extends keyof Facts>(name: Name, listener: Listener<Facts[Name]>, fact: Facts[Name]): void {
    try {
      Promise.resolve(listener(fact)).catch((error: unknown) => onError(error, name));
    } catch (error) {
      onError(error, name);
    }
  }

  return {
    publish(name, fact) {
      for (const listener of listeners[name] ?? []) tell(name, listener, fact);
    },
    subscribe(name, listener) {
      (listeners[name] ??= []).push(listener);
    },
  };
}
