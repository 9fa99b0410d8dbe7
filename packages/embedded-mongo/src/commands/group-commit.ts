/** Group commit: the write commands that arrive in one turn of the event loop share one durable transaction. */
import { CommandError, errorReply } from '../errors.js';
import type { TimeSlice } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Reply, Task } from './call.js';
import type { Metrics } from './metrics.js';

export interface GroupCommit {
  /** Runs a write command; resolves with its reply once its changes are on the disk. */
  run(start: () => Task | Reply, timeSlice: TimeSlice): Promise<Reply>;
  /** Answers all pending commands with 11600; no transaction starts after that. */
  stop(): void;
}

interface PendingWrite {
  start: () => Task | Reply;
  timeSlice: TimeSlice;
  resolve: (reply: Reply) => void;
  task: Task | null;
  reply: Reply | null;
}

/** How long the commands of one transaction may take together; the rest goes into the next. */
const maxTransactionMs = 10;

function begin(pending: PendingWrite): Task | null {
  const started = pending.start();
  if (Symbol.iterator in started) return started as Task;
  pending.reply = started as Reply;
  return null;
}

/** Runs a command up to its end or its next pause. Catches only errors that leave the store consistent. */
function step(pending: PendingWrite): void {
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

/** Steps commands in order until the time is up, and returns those that ran. */
function stepWithinLimit(queue: readonly PendingWrite[]): PendingWrite[] {
  const deadline = performance.now() + maxTransactionMs;
  const group: PendingWrite[] = [];
  for (const pending of queue) {
    group.push(pending);
    step(pending);
    if (performance.now() > deadline) break;
  }
  return group;
}

function fail(group: readonly PendingWrite[], error: unknown): void {
  for (const pending of group) {
    pending.task?.return({});
    pending.reply = errorReply(error);
  }
}

export function createGroupCommit(store: Store, metrics: Metrics): GroupCommit {
  let queue: PendingWrite[] = [];
  let isScheduled = false;
  let isStopped = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(commit);
  }

  /** Answers the commands that are done, and moves the others behind those that wait. */
  function resolveGroup(group: readonly PendingWrite[]): void {
    queue = queue.slice(group.length);
    for (const pending of group) {
      if (pending.reply) pending.resolve(pending.reply);
      else queue.push(pending);
    }
  }

  function commit(): void {
    isScheduled = false;
    if (isStopped) return;
    let group: PendingWrite[] = [];
    try {
      store.transact(() => {
        group = stepWithinLimit(queue);
      });
      metrics.recordCommit(group.length);
    } catch (error) {
      // If a command threw, no group was built, so all waiting commands fail. Those that took part in earlier transactions fail too;
      // their earlier changes stay, as after a crash.
      if (!group.length) group = queue;
      fail(group, error);
    }
    resolveGroup(group);
    if (queue.length) schedule();
  }

  function rejectAll(): void {
    const group = queue;
    fail(group, new CommandError(11600, 'the store is shutting down'));
    resolveGroup(group);
  }

  return {
    run: (start, timeSlice) =>
      new Promise((resolve) => {
        queue.push({ start, timeSlice, resolve, task: null, reply: null });
        if (isStopped) rejectAll();
        else schedule();
      }),
    stop() {
      isStopped = true;
      rejectAll();
    },
  };
}
