/** Timed maintenance: TTL deletion, cursor expiry, and garbage collection of dropped collections and indexes. */
import { decode } from '../bson/decode.js';
import { isDoc } from '../bson/value.js';
import { rootScope } from '../expressions/expression.js';
import { compileQuery } from '../match/compile-query.js';
import { matchesQuery } from '../match/query-node.js';
import { choosePlan } from '../plan/choose-plan.js';
import { runPlan } from '../plan/rows.js';
import { pause, startTimeSlice, type TimeSlice } from '../plan/time-slice.js';
import type { Store } from '../store/store.js';
import type { Index, Table } from '../store/table.js';
import type { Task } from './call.js';
import type { Cursors } from './cursors.js';
import type { GroupCommit } from './group-commit.js';

export interface Maintenance {
  setTtlSeconds(seconds: number): void;
  stop(): void;
}

interface Deps {
  store: Store;
  cursors: Cursors;
  commits: GroupCommit;
}

const ttlIntervalSeconds = 60;
const cleanupIntervalMs = 500;

/** Deletes the documents that have expired by one index: those with a date, or an array with a date, that is old enough. */
function* deleteExpired(store: Store, timeSlice: TimeSlice, table: Table, index: Index): Task {
  const [path = ''] = index.paths;
  const limit = new Date(Date.now() - (index.expireAfterSeconds ?? 0) * 1000);
  const filter = index.spec['partialFilterExpression'];
  const indexed = isDoc(filter) ? [filter] : [];
  const node = compileQuery({ $and: [{ [path]: { $lte: limit } }, ...indexed] }, rootScope(new Date()));
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

async function deleteAllExpired({ store, commits }: Deps): Promise<void> {
  for (const table of [...store.catalogue.tables.values()]) {
    for (const index of table.indexes.filter(({ expireAfterSeconds, ready }) => expireAfterSeconds !== null && ready)) {
      const timeSlice = startTimeSlice(0);
      // A deletion that fails, on a full disk for example, is retried at the next tick and does not hold up the others.
      await commits.run(() => deleteExpired(store, timeSlice, table, index), timeSlice).catch(() => undefined);
    }
  }
}

/** Starts the timers; none of them keeps the process alive. */
export function startMaintenance(deps: Deps): Maintenance {
  let isDeleting = false;
  let isStopped = false;

  function deleteDue(): void {
    if (isDeleting) return;
    isDeleting = true;
    void deleteAllExpired(deps).finally(() => {
      isDeleting = false;
    });
  }

  function cleanUp(): void {
    deps.cursors.expire(Date.now());
    try {
      if (deps.store.collectGarbage()) setImmediate(cleanUp);
    } catch {
      // The disk is full: the keys stay, and the next tick retries.
    }
  }

  let ttlTimer = setInterval(deleteDue, ttlIntervalSeconds * 1000).unref();
  const cleanupTimer = setInterval(cleanUp, cleanupIntervalMs).unref();
  return {
    setTtlSeconds(seconds) {
      clearInterval(ttlTimer);
      if (!isStopped) ttlTimer = setInterval(deleteDue, seconds * 1000).unref();
    },
    stop() {
      isStopped = true;
      clearInterval(ttlTimer);
      clearInterval(cleanupTimer);
    },
  };
}
