/** Lets one paused read continue per turn of the event loop, so that short commands wait for one time slice at most. */
export interface Scheduler {
  /** Resolves at the next free turn of the event loop, in the order of the calls. */
  next(): Promise<void>;
}

export function createScheduler(): Scheduler {
  const waiting: (() => void)[] = [];

  function resumeOne(): void {
    waiting.shift()?.();
    if (waiting.length) setImmediate(resumeOne);
  }

  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) setImmediate(resumeOne);
      }),
  };
}
