import { withTimeout } from './timeouts.js';

/** Serial work by key: the tasks of one key run one after the other, in the order of the calls; different keys run side by side. */
export interface KeyedQueue {
  /** Runs a task once all earlier tasks of its key have ended, whether they succeeded or not. Resolves or rejects as the task does. */
  run<Result>(key: string, task: () => Promise<Result>): Promise<Result>;
  /** Waits until no task runs or waits. */
  idle(): Promise<void>;
}

export function createKeyedQueue(): KeyedQueue {
  const last = new Map<string, Promise<unknown>>();
  return {
    async run(key, task) {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(task, task);
      last.set(key, mine);
      try {
        return await mine;
      } finally {
        if (last.get(key) === mine) last.delete(key);
      }
    },
    async idle() {
      while (last.size > 0) await Promise.allSettled(last.values());
    },
  };
}

/** Keeps the order of the calls of one key over preparations that take differently long. */
export interface OrderedQueue {
  /**
   * Prepares at once, beside other calls, and takes the step once every earlier call of this key has taken its step or
   * failed. Throws what either throws, and `unavailable` when the preparation takes too long.
   */
  inOrder<Context, Result>(
    key: string,
    prepare: () => Promise<Context>,
    step: (context: Context) => Promise<Result>,
  ): Promise<Result>;
}

/** Orders the calls of steps: a step counts as taken once it has been called, not once its promise is fulfilled. */
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
