/** The writer of one stream of a process: one ordered batch is in flight while the next one gathers. */
import { setImmediate as macrotask } from 'node:timers/promises';
import { unavailable } from '../kernel/problem.js';
import type { Entry } from './entry.js';
import { createAcknowledgements } from './acknowledgements.js';
import { type LogRow, oldestOf } from '../repositories/log-repository.js';
import { commit, resolveStopped, resolveUnknown, type WriterDeps, type WriterState } from './commit-batch.js';

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

const batchLimit = 500;

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

/** Replays this process's log if a connection broke; returns false, and rejects everything that waits, if that fails. */
async function isRecovered<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
): Promise<boolean> {
  if (!writer.hasBroken) return true;
  try {
    await writer.replayOwnLog();
    writer.hasBroken = false;
    return true;
  } catch (error) {
    refuseWaiting(writer, error);
    return false;
  }
}

/** Reads again who may still write if other processes may have changed it; returns false, and rejects everything that waits, if that fails. */
async function isRefreshed<Row extends LogRow, Item extends Entry<Row>>(
  writer: WriterState<Row, Item>,
): Promise<boolean> {
  const { queues, stream, isShared } = writer;
  if (!isShared || !stream.refresh) return true;
  try {
    await stream.refresh(queues.busy().flatMap(({ waiting }) => waiting));
    return true;
  } catch (error) {
    writer.hasBroken = true;
    refuseWaiting(writer, error);
    return false;
  }
}

async function writeOnce<Row extends LogRow, Item extends Entry<Row>>(writer: WriterState<Row, Item>): Promise<void> {
  if (!(await isRecovered(writer))) return;
  await readLastNumbers(writer);
  if (!(await isRefreshed(writer))) return;
  const batch = writer.queues.take(batchLimit);
  if (batch.length === 0) return;
  writer.inFlight = batch;
  const result = await writer.stream.insertInOrder(batch.map(({ row }) => row));
  if (result.outcome === 'all') {
    await commit(
      writer,
      batch.map((entry) => ({ entry, row: entry.row, isNew: true })),
    );
  } else if (result.outcome === 'stopped') await resolveStopped(writer, batch, result);
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
  const acknowledgements = createAcknowledgements<Row>(deps.onError);
  const writer: WriterState<Row, Item> = {
    ...deps,
    acknowledgements,
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
      await acknowledgements.idle();
    },
  };
}
