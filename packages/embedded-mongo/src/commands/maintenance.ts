/** What happens by the clock: TTL deletion, cursor expiry, and the keys of what was dropped. */
import { isDoc } from '../bson/value.js';
import { decode } from '../bson/decode.js';
import { compileQuery } from '../match/compile-query.js';
import { rootScope } from '../expressions/expression.js';
import { choosePlan } from '../plan/choose-plan.js';
import { pause, startTimeSlice } from '../plan/time-slice.js';
import { runPlan } from '../plan/rows.js';
import type { TimeSlice } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Index, Table } from '../store/table.js';
import { matchesQuery } from '../match/query-node.js';
import type { Task } from './call.js';
import type { Cursors } from './cursors.js';
import type { GroupCommit } from './group-commit.js';

export interface Maintenance {
  readonly setTtlSeconds: (seconds: number) => void;
  readonly stop: () => void;
}

const TTL_SECONDS = 60;
const SWEEP_MS = 500;

interface Job {
  readonly store: Store;
  readonly cursors: Cursors;
  readonly commits: GroupCommit;
}

/** Deletes what an index says has expired: documents with a date, or an array with one, that is old enough. */
function* expire(store: Store, timeSlice: TimeSlice, table: Table, index: Index): Task {
  const [path = ''] = index.paths;
  const limit = new Date(Date.now() - (index.expireAfterSeconds ?? 0) * 1000);
  const filter = index.spec['partialFilterExpression'];
  const covered = isDoc(filter) ? [filter] : [];
  const node = compileQuery({ $and: [{ [path]: { $lte: limit } }, ...covered] }, rootScope(new Date()));
  const plan = choosePlan(table, node, { hint: index.name });
  for (const row of runPlan({ store, table, node, timeSlice }, plan)) {
    if (row === pause) {
      yield pause;
      continue;
    }
    const raw = store.records.get(table, row.idKey);
    const doc = raw && decode(raw);
    if (doc && matchesQuery(node, doc)) store.records.remove(table, row.idKey, doc);
  }
  return {};
}

async function expireAll({ store, commits }: Job): Promise<void> {
  for (const table of [...store.catalogue.tables.values()]) {
    for (const index of table.indexes.filter(({ expireAfterSeconds, ready }) => expireAfterSeconds !== null && ready)) {
      const timeSlice = startTimeSlice(0);
      // What cannot be deleted now, on a full disk for example, is tried again at the next tick, and holds up no other.
      await commits.run(() => expire(store, timeSlice, table, index), timeSlice).catch(() => undefined);
    }
  }
}

/** Starts the clocks; none of them keeps the process alive. */
export function startMaintenance(job: Job): Maintenance {
  let running = false;
  const ttl = (): void => {
    if (running) return;
    running = true;
    void expireAll(job).finally(() => {
      running = false;
    });
  };
  const sweep = (): void => {
    job.cursors.expire(Date.now());
    try {
      if (job.store.sweep()) setImmediate(sweep);
    } catch {
      // The disk is full: the keys stay and are tried again at the next tick.
    }
  };
  let ttlTimer = setInterval(ttl, TTL_SECONDS * 1000).unref();
  const sweepTimer = setInterval(sweep, SWEEP_MS).unref();
  let stopped = false;
  return {
    setTtlSeconds: (seconds) => {
      clearInterval(ttlTimer);
      if (!stopped) ttlTimer = setInterval(ttl, seconds * 1000).unref();
    },
    stop: () => {
      stopped = true;
      clearInterval(ttlTimer);
      clearInterval(sweepTimer);
    },
  };
}
