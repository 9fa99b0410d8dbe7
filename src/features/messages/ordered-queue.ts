import { withTimeout } from '../../kernel/timeouts.js';

/** Keeps the order of arrival over steps that take differently long. */
export interface OrderedQueue {
  /** Prepares at once, beside others; then takes its step when all that came earlier under this key have taken theirs. */
  inOrder<Prepared, Result>(
    key: string,
    prepare: () => Promise<Prepared>,
    step: (prepared: Prepared) => Promise<Result>,
  ): Promise<Result>;
}

/** Gives turns by key; a step has been taken when it has been called, not when its promise is kept. */
export function createOrderedQueue(): OrderedQueue {
  const last = new Map<string, Promise<void>>();
  return {
    inOrder(key, prepare, step) {
      const prepared = withTimeout(prepare());
      const before = last.get(key) ?? Promise.resolve();
      const taken = Promise.allSettled([before, prepared]).then(async () => ({ result: step(await prepared) }));
      const turn = taken.then(
        () => undefined,
        () => undefined,
      );
      last.set(key, turn);
      void turn.then(() => {
        if (last.get(key) === turn) last.delete(key);
      });
      return taken.then(({ result }) => result);
    },
  };
}
