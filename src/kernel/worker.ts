import { every } from './every.js';

/** Background work that runs at intervals and on demand, never twice at once. */
export interface Worker {
  /** Runs now, or once more if it is running already. */
  wake(): void;
  start(): void;
  /** Waits for the current run. */
  stop(): Promise<void>;
  /** Whether the current run should end as soon as it can. */
  isStopped(): boolean;
}

interface Spec {
  everyMs: number;
  work: () => Promise<void>;
  onError: (error: unknown) => void;
}

/** Does nothing before `start` or the first `wake`. */
export function createWorker({ everyMs, work, onError }: Spec): Worker {
  let running: Promise<void> | null = null;
  let isAsked = false;
  let isStopped = false;
  let end: () => void = () => undefined;

  async function run(): Promise<void> {
    while (isAsked && !isStopped) {
      isAsked = false;
      await work().catch(onError);
    }
    running = null;
  }

  function wake(): void {
    isAsked = true;
    if (!isStopped) running ??= run();
  }

  return {
    wake,
    start() {
      wake();
      end = every(everyMs, () => Promise.resolve(wake()), onError);
    },
    async stop() {
      isStopped = true;
      end();
      await running;
    },
    isStopped: () => isStopped,
  };
}
