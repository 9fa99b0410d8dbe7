/** What is being done at this moment: who forbids something waits until what was allowed before is over. */
export interface InFlight {
  /** Does a piece of work, from the question whether it is allowed to its answer. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits until all that had begun before the call is over, whichever way it ends. */
  drained(): Promise<void>;
}

/** Gives what one process has in flight. */
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
