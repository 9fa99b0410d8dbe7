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
