/** Group commit: the write commands of one turn of the event loop share one durable transaction. */
import { CommandError, errorReply } from '../errors.js';
import type { TimeSlice } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Reply, Task } from './call.js';
import type { Metrics } from './metrics.js';

export interface GroupCommit {
  /** Runs a write command; the reply comes when what it did is on the disk. */
  readonly run: (start: () => Task | Reply, timeSlice: TimeSlice) => Promise<Reply>;
  /** Ends everything that waits with 11600; no transaction begins any more. */
  readonly stop: () => void;
}

interface Pending {
  readonly start: () => Task | Reply;
  readonly timeSlice: TimeSlice;
  readonly settle: (reply: Reply) => void;
  task: Task | null;
  reply: Reply | null;
}

/** One step of a command, up to its end or its next pause. Only errors that leave the store consistent are caught. */
function step(pending: Pending): void {
  try {
    pending.task ??= begin(pending);
    if (!pending.task) return;
    pending.timeSlice.resume();
    const next = pending.task.next();
    if (next.done) pending.reply = next.value;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    pending.reply = errorReply(error);
  }
}

function begin(pending: Pending): Task | null {
  const started = pending.start();
  if (Symbol.iterator in started) return started as Task;
  pending.reply = started as Reply;
  return null;
}

/** How long the commands of one transaction may take together; those that are left come into the next. */
const BUDGET_MS = 10;

/** Steps commands in their order until the time is up, and gives those that had their turn. */
function stepWithin(queue: readonly Pending[]): Pending[] {
  const until = performance.now() + BUDGET_MS;
  const group: Pending[] = [];
  for (const pending of queue) {
    group.push(pending);
    step(pending);
    if (performance.now() > until) break;
  }
  return group;
}

function fail(group: readonly Pending[], error: unknown): void {
  for (const pending of group) {
    pending.task?.return({});
    pending.reply = errorReply(error);
  }
}

/** A group commit over a store. */
export function createGroupCommit(store: Store, metrics: Metrics): GroupCommit {
  let queue: Pending[] = [];
  let scheduled = false;
  let stopped = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(commit);
  };
  /** Answers those that are done, and puts those that go on behind those that wait. */
  const settle = (group: readonly Pending[]): void => {
    queue = queue.slice(group.length);
    for (const pending of group) {
      if (pending.reply) pending.settle(pending.reply);
      else queue.push(pending);
    }
  };
  const commit = (): void => {
    scheduled = false;
    if (stopped) return;
    let group: Pending[] = [];
    try {
      store.transact(() => {
        group = stepWithin(queue);
      });
      metrics.committed(group.length);
    } catch (error) {
      // Commands that had a part in earlier transactions fail with the rest: what they did before stays, as after a crash.
      fail(group.length ? group : (group = queue), error);
    }
    settle(group);
    if (queue.length) schedule();
  };
  return {
    run: (start, timeSlice) =>
      new Promise((settled) => {
        queue.push({ start, timeSlice, settle: settled, task: null, reply: null });
        if (stopped) stopAll();
        else schedule();
      }),
    stop: () => {
      stopped = true;
      stopAll();
    },
  };

  function stopAll(): void {
    const group = queue;
    fail(group, new CommandError(11600, 'the store is shutting down'));
    settle(group);
  }
}
