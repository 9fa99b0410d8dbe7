import { every } from './every.js';

/** Work that is looked for now and then, and when somebody says that there is some: never twice at once. */
export interface Worker {
  /** Looks for work now; while it is under way, once more when it is done. */
  wake(): void;
  start(): void;
  /** Waits for what is under way. */
  stop(): Promise<void>;
  /** What is under way ends as soon as it can. */
  isStopped(): boolean;
}

interface Spec {
  everyMs: number;
  work: () => Promise<void>;
  onError: (error: unknown) => void;
}

/** Gives a worker, which does nothing before its start or the first call. */
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
