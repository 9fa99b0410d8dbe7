/** Hears of one kind of fact. It must be quick: what is slow or may fail puts a durable job in the queue. */
export type Listener<DomainEvent> = (event: DomainEvent) => void | Promise<void>;

/** Carries facts from the services to their subscribers, in this process and in the order of publishing. */
export interface EventBus<Facts> {
  publish<Name extends keyof Facts>(name: Name, event: Facts[Name]): void;
  subscribe<Name extends keyof Facts>(name: Name, listener: Listener<Facts[Name]>): void;
}

/** Gives a bus whose listeners cannot harm the publisher: what one throws goes to `onError`, the others still hear. */
export function createEventBus<Facts>(onError: (error: unknown, name: keyof Facts) => void): EventBus<Facts> {
  const listeners: { [Name in keyof Facts]?: Listener<Facts[Name]>[] } = {};

  function deliver<Name extends keyof Facts>(name: Name, listener: Listener<Facts[Name]>, event: Facts[Name]): void {
    try {
      Promise.resolve(listener(event)).catch((error: unknown) => onError(error, name));
    } catch (error) {
      onError(error, name);
    }
  }

  return {
    publish(name, event) {
      for (const listener of listeners[name] ?? []) deliver(name, listener, event);
    },
    subscribe(name, listener) {
      (listeners[name] ??= []).push(listener);
    },
  };
}
