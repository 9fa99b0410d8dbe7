/** Handles one kind of domain event. It must be fast: slow work, and work that may fail, belongs in a durable job. */
export type Listener<DomainEvent> = (event: DomainEvent) => void | Promise<void>;

/** Delivers domain events to their subscribers, within this process and in the order of publishing. */
export interface EventBus<Events> {
  publish<Name extends keyof Events>(name: Name, event: Events[Name]): void;
  subscribe<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void;
}

/** The publisher is safe from its listeners: an error of one goes to `onError`, and the others are still called. */
export function createEventBus<Events>(onError: (error: unknown, name: keyof Events) => void): EventBus<Events> {
  const listeners: { [Name in keyof Events]?: Listener<Events[Name]>[] } = {};

  function deliver<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>, event: Events[Name]): void {
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
