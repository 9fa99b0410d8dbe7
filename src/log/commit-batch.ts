import type { LogRow, Inserted } from '../repositories/log-repository.js';
import type { Committed, Entry, LogStream } from './entry.js';
import type { Acknowledgements } from './acknowledgements.js';
import { unavailable, Problem } from '../kernel/problem.js';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConversationQueues } from './conversation-queues.js';

export interface WriterDeps<Row extends LogRow, Item extends Entry<Row>> {
  stream: LogStream<Row, Item>;
  queues: ConversationQueues<Row, Item>;
  /** Records what follows from a committed row. */
  record: (row: Row) => void;
  /** Writes what was recorded; false if that failed. */
  flush: () => Promise<boolean>;
  /** Whether other processes may write: then projections are written before the acknowledgement. */
  isShared: boolean;
  /** Replays this process's own log after a connection broke, before anything else is acknowledged. */
  replayOwnLog: () => Promise<void>;
  onError: (error: unknown) => void;
}

export interface WriterState<Row extends LogRow, Item extends Entry<Row>> extends WriterDeps<Row, Item> {
  acknowledgements: Acknowledgements<Row>;
  running: Promise<void> | null;
  /** The batch that is being written. */
  round: Promise<void>;
  inFlight: readonly Item[];
  hasBroken: boolean;
}

type CommittedEntry<Row extends LogRow, Item extends Entry<Row>> = Committed<Row> & { entry: Item };

const retryMs = 200;

function isLate(entries: readonly { deadline: number }[]): boolean {
  return entries.every(({ deadline }) => deadline <= Date.now());
}

/** Whether the projections were written in time for at least one of these rows; if not, all of them are rejected. */
async function isProjected<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
  entries: readonly Item[],
): Promise<boolean> {
  while (!(await writer.flush())) {
    writer.hasBroken = true;
    if (isLate(entries)) {
      for (const entry of entries) entry.reject(unavailable());
      return false;
    }
    await wait(retryMs);
  }
  return true;
}

/** Records, acknowledges and publishes committed rows. */
export async function commit<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
  found: readonly CommittedEntry<Row, Item>[],
): Promise<void> {
  if (found.length === 0) return;
  for (const { row } of found) {
    writer.record(row);
    const queue = writer.queues.of(row.conversationId);
    if (queue.last !== null) queue.last = Math.max(queue.last, writer.stream.numberOf(row));
  }
  const entries = found.map(({ entry }) => entry);
  if (writer.isShared && !(await isProjected(writer, entries))) return;
  for (const { entry, row, isNew } of found) writer.acknowledgements.acknowledge(entry, { row, isNew });
}

/** Forgets the last numbers of the queues of these rows, so that they are read again. */
function forget<Row extends LogRow, Item extends Entry<Row>>(
  { queues }: WriterState<Row, Item>,
  entries: readonly Item[],
): void {
  for (const { row } of entries) queues.of(row.conversationId).last = null;
}

/** Finds out why a unique index has refused a row: it was committed before, it is a retry, or its number is taken. */
async function resolveConflict<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
  entry: Item,
): Promise<void> {
  const [stored] = await writer.stream.byIds([entry.row._id]);
  if (stored) {
    // It was committed earlier; the number in the store counts.
    forget(writer, [entry]);
    return commit(writer, [{ entry, row: stored, isNew: true }]);
  }
  const conflict = await writer.stream.resolveConflict(entry);
  if (conflict.by === 'first') {
    if (conflict.isSame) return commit(writer, [{ entry, row: conflict.row, isNew: false }]);
    return entry.reject(new Problem('client_id_reused'));
  }
  if (conflict.by === 'number') forget(writer, [entry]);
  writer.queues.putBack([entry]);
}

type Stopped = Extract<Inserted, { outcome: 'stopped' }>;

export async function resolveStopped<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
  batch: readonly Item[],
  stopped: Stopped,
): Promise<void> {
  await commit(
    writer,
    batch.slice(0, stopped.index).map((entry) => ({ entry, row: entry.row, isNew: true })),
  );
  const failed = batch[stopped.index];
  // The rows behind it lead the next batch; whatever is put back later goes before them.
  writer.queues.putBack(batch.slice(stopped.index + 1));
  writer.inFlight = failed ? [failed] : [];
  if (!failed) return;
  if (!stopped.isDuplicate) {
    writer.onError(stopped.error);
    failed.reject(stopped.error instanceof Error ? stopped.error : new Problem('internal', { cause: stopped.error }));
    return;
  }
  try {
    await resolveConflict(writer, failed);
  } catch (error) {
    await resolveUnknown(writer, [failed], error);
  }
}

/** Reads which rows of a batch are in the store; missing ones go back to the head of their queues. */
async function resolveOnce<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
  batch: readonly Item[],
): Promise<void> {
  const rows = await writer.stream.byIds(batch.map(({ row }) => row._id));
  const there = new Map(rows.map((row) => [row._id, row]));
  await writer.replayOwnLog();
  writer.hasBroken = false;
  writer.queues.putBack(batch.filter(({ row }) => !there.has(row._id)));
  const found = batch.flatMap((entry) => {
    const row = there.get(entry.row._id);
    return row ? [{ entry, row, isNew: true }] : [];
  });
  const { numberOf } = writer.stream;
  await commit(
    writer,
    found.sort((a, b) => numberOf(a.row) - numberOf(b.row)),
  );
}

/** Resolves a batch with unknown outcome, retrying until the store answers or the deadlines of all its rows have passed. */
export async function resolveUnknown<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
  batch: readonly Item[],
  cause: unknown,
): Promise<void> {
  writer.onError(cause);
  writer.hasBroken = true;
  forget(writer, batch);
  for (;;) {
    try {
      return await resolveOnce(writer, batch);
    } catch (error) {
      if (isLate(batch)) {
        // The client repeats the request and finds what was committed.
        for (const entry of batch) entry.reject(unavailable(error));
        return;
      }
      await wait(retryMs);
    }
  }
}
