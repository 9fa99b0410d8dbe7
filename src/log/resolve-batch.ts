/** Resolves a batch that was not inserted completely: conflicts of unique indexes, and unknown outcomes. */
import { setTimeout as wait } from 'node:timers/promises';
import { Problem, unavailable } from '../kernel/problem.js';
import type { InsertOutcome, LogRow } from '../repositories/log-repository.js';
import type { ConversationQueues } from './conversation-queues.js';
import type { Committed, Entry, LogStream } from './entry.js';

export type CommittedEntry<Row extends LogRow, Item extends Entry<Row>> = Committed<Row> & { entry: Item };

/** The writer of the batch. */
export interface BatchWriter<Row extends LogRow, Item extends Entry<Row>> {
  readonly stream: LogStream<Row, Item>;
  readonly queues: ConversationQueues<Row, Item>;
  /** Records, acknowledges and publishes committed rows. */
  commit(found: readonly CommittedEntry<Row, Item>[]): Promise<void>;
  /** Replays this process's own log after a connection broke, before anything else is acknowledged. */
  replayOwnLog(): Promise<void>;
  onError(error: unknown): void;
  /** The batch that is being written. */
  inFlight: readonly Item[];
  hasBroken: boolean;
}

export const retryMs = 200;

/** Whether the deadlines of all rows have passed. */
export function isLate(entries: readonly { deadline: number }[]): boolean {
  return entries.every(({ deadline }) => deadline <= Date.now());
}

/** Forgets the last numbers of the queues of these rows, so that they are read again. */
function forget<Row extends LogRow, Item extends Entry<Row>>(
  { queues }: BatchWriter<Row, Item>,
  entries: readonly Item[],
): void {
  for (const { row } of entries) queues.of(row.conversationId).last = null;
}

/** Finds out why a unique index has refused a row: it was committed before, it is a retry, or its number is taken. */
async function resolveConflict<Row extends LogRow, Item extends Entry<Row>>(
  writer: BatchWriter<Row, Item>,
  entry: Item,
): Promise<void> {
  const [stored] = await writer.stream.byIds([entry.row._id]);
  if (stored) {
    // It was committed earlier; the number in the store counts.
    forget(writer, [entry]);
    return writer.commit([{ entry, row: stored, isNew: true }]);
  }
  const conflict = await writer.stream.resolveConflict(entry);
  if (conflict.by === 'first') {
    if (conflict.isSame) return writer.commit([{ entry, row: conflict.row, isNew: false }]);
    return entry.reject(new Problem('client_id_reused'));
  }
  if (conflict.by === 'number') forget(writer, [entry]);
  writer.queues.putBack([entry]);
}

type StoppedInsert = Extract<InsertOutcome, { outcome: 'stopped' }>;

export async function resolveStopped<Row extends LogRow, Item extends Entry<Row>>(
  writer: BatchWriter<Row, Item>,
  batch: readonly Item[],
  stopped: StoppedInsert,
): Promise<void> {
  await writer.commit(batch.slice(0, stopped.index).map((entry) => ({ entry, row: entry.row, isNew: true })));
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
  writer: BatchWriter<Row, Item>,
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
  const numberOf = ({ row }: { row: LogRow }): number => row[writer.stream.numberField] ?? 0;
  await writer.commit(found.sort((a, b) => numberOf(a) - numberOf(b)));
}

/** Resolves a batch with unknown outcome, retrying until the store answers or the deadlines of all its rows have passed. */
export async function resolveUnknown<Row extends LogRow, Item extends Entry<Row>>(
  writer: BatchWriter<Row, Item>,
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
