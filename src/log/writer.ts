/** The writer of one stream of a process: one ordered batch is in flight while the next one gathers. */
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { createKeyedQueue, type KeyedQueue } from '../kernel/keyed-queue.js';
import { unavailable } from '../kernel/problem.js';
import { type LogRow, oldestOf } from '../repositories/log-repository.js';
import type { ConversationQueues } from './conversation-queues.js';
import type { Committed, Entry, LogStream } from './entry.js';
import {
  type BatchWriter,
  type CommittedEntry,
  isLate,
  resolveStopped,
  resolveUnknown,
  retryMs,
} from './resolve-batch.js';

export interface Writer {
  /** Starts writing what waits, unless it is writing already. */
  wake(): void;
  /** The id time of the oldest row in flight. */
  oldest(): Date | null;
  /** Whether a connection broke and the log was not replayed since: until then the checkpoint must not advance. */
  isBroken(): boolean;
  /** Waits until the batch in flight is committed or has failed. */
  drained(): Promise<void>;
  /** Waits until nothing is in flight, and everything is acknowledged and published. */
  idle(): Promise<void>;
}

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

interface WriterState<Row extends LogRow, Item extends Entry<Row>>
  extends WriterDeps<Row, Item>, Omit<BatchWriter<Row, Item>, keyof WriterDeps<Row, Item>> {
  /** Keeps the order of the numbers within one conversation. */
  acknowledgements: KeyedQueue;
  running: Promise<void> | null;
  round: Promise<void>;
}

const batchLimit = 500;

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
async function commit<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
  found: readonly CommittedEntry<Row, Item>[],
): Promise<void> {
  if (found.length === 0) return;
  for (const { row } of found) {
    writer.record(row);
    const queue = writer.queues.of(row.conversationId);
    const { [writer.stream.numberField]: number = 0 }: LogRow = row;
    if (queue.last !== null) queue.last = Math.max(queue.last, number);
  }
  const entries = found.map(({ entry }) => entry);
  if (writer.isShared && !(await isProjected(writer, entries))) return;
  for (const { entry, row, isNew } of found) acknowledge(writer, entry, { row, isNew });
}

/** Acknowledges and publishes a row once everything that must be written before is written, in the order of the numbers. */
function acknowledge<Row extends LogRow, Item extends Entry<Row>>(
  { acknowledgements, onError }: WriterState<Row, Item>,
  entry: Item,
  committed: Committed<Row>,
): void {
  // Starts at once, beside the rows that are acknowledged before this one.
  const finished = entry.finish?.(committed.row).then(
    () => null,
    (error: unknown) => error ?? new Error('finishing failed'),
  );

  async function answer(): Promise<void> {
    const failure = await finished;
    if (failure) {
      onError(failure);
      return entry.reject(unavailable(failure));
    }
    entry.resolve(committed);
    // The acknowledgement leaves first.
    await macrotask();
    await entry.announce(committed.row);
  }

  acknowledgements.run(committed.row.conversationId, answer).catch(onError);
}

/** Rejects everything that waits, in these queues or in all: the store cannot be reached. */
function refuseWaiting<Row extends LogRow, Item extends Entry<Row>>(
  { queues }: WriterState<Row, Item>,
  error: unknown,
  which = queues.busy(),
): void {
  for (const queue of which) for (const entry of queues.drop(queue)) entry.reject(unavailable(error));
}

async function readLastNumbers<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
): Promise<void> {
  const { queues, stream, onError } = writer;
  const unknown = queues.busy().filter(({ last }) => last === null);
  await Promise.all(
    unknown.map(async (queue) => {
      try {
        queue.last = await stream.lastNumber(queue.conversationId);
      } catch (error) {
        onError(error);
        writer.hasBroken = true;
        refuseWaiting(writer, error, [queue]);
      }
    }),
  );
}

/**
 * Prepares the next batch: replays this process's log if a connection broke, and reads again who may still write if
 * other processes may have changed it. Returns false, and rejects everything that waits, if that fails.
 */
async function isReady<Row extends LogRow, Item extends Entry<Row>>(writer: WriterState<Row, Item>): Promise<boolean> {
  const { queues, stream, isShared } = writer;
  try {
    if (writer.hasBroken) await writer.replayOwnLog();
    writer.hasBroken = false;
    await readLastNumbers(writer);
    if (isShared) await stream.refresh?.(queues.busy().flatMap(({ waiting }) => waiting));
    return true;
  } catch (error) {
    writer.hasBroken = true;
    refuseWaiting(writer, error);
    return false;
  }
}

async function writeOnce<Row extends LogRow, Item extends Entry<Row>>(writer: WriterState<Row, Item>): Promise<void> {
  if (!(await isReady(writer))) return;
  const batch = writer.queues.take(batchLimit);
  if (batch.length === 0) return;
  writer.inFlight = batch;
  const result = await writer.stream.insertInOrder(batch.map(({ row }) => row));
  if (result.outcome === 'all') await writer.commit(batch.map((entry) => ({ entry, row: entry.row, isNew: true })));
  else if (result.outcome === 'stopped') await resolveStopped(writer, batch, result);
  else await resolveUnknown(writer, batch, result.error);
  writer.inFlight = [];
}

async function run<Row extends LogRow, Item extends Entry<Row>>(writer: WriterState<Row, Item>): Promise<void> {
  while (writer.queues.waiting() > 0) {
    try {
      writer.round = writeOnce(writer);
      await writer.round;
    } catch (error) {
      writer.onError(error);
      writer.hasBroken = true;
      for (const entry of writer.inFlight) entry.reject(unavailable(error));
      writer.inFlight = [];
    }
  }
  writer.running = null;
}

export function createWriter<Row extends LogRow, Item extends Entry<Row>>(deps: WriterDeps<Row, Item>): Writer {
  const writer: WriterState<Row, Item> = {
    ...deps,
    acknowledgements: createKeyedQueue(),
    commit: (found) => commit(writer, found),
    running: null,
    round: Promise.resolve(),
    inFlight: [],
    hasBroken: false,
  };
  return {
    wake() {
      writer.running ??= macrotask().then(() => run(writer));
    },
    oldest: () => oldestOf(writer.inFlight.map(({ row }) => row)),
    isBroken: () => writer.hasBroken,
    drained: () => writer.round.catch(() => undefined),
    async idle() {
      while (writer.running !== null) await writer.running;
      await writer.acknowledgements.idle();
    },
  };
}
