/** Work in progress. A removal waits until everything that was allowed before it is over. */
export interface InFlight {
  /** Runs a piece of work that includes its permission check and its write. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits until all work that began before the call is over, whether it succeeded or not. */
  drained(): Promise<void>;
}

/** Tracks the work of one process. */
export function createInFlight(): InFlight {
  const works = new Set<Promise<unknown>>();
  return {
    async during(work) {
      const done = work();
      works.add(done);
      try {
        return await done;
      } finally {
        works.delete(done);
      }
    },
    async drained() {
      await Promise.allSettled(works);
    },
  };
}
