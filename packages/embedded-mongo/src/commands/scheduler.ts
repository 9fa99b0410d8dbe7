/** Turns of the event loop for long commands: one of them goes on in each, so that short ones wait for one slice at most. */

export interface Scheduler {
  /** Waits for the next turn that is free. */
  readonly next: () => Promise<void>;
}

/** Turns in the order in which they are asked for. */
export function createScheduler(): Scheduler {
  const waiting: (() => void)[] = [];
  const give = (): void => {
    waiting.shift()?.();
    if (waiting.length) setImmediate(give);
  };
  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) setImmediate(give);
      }),
  };
}
