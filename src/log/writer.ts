/** The one writer of a process for one kind of rows: one ordered batch in flight, while the next one gathers. */
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { Problem, unavailable } from '../kernel/problem.js';
import { type Entry, type LogStream, type Committed } from './entry.js';
import type { ConversationQueues } from './conversation-queues.js';
import { createAcknowledgements, type Acknowledgements } from './acknowledgements.js';
import type { Inserted, LogRow } from '../repositories/log-repository.js';
import { oldestOf } from '../repositories/log-repository.js';

interface Deps<Row extends LogRow, Item extends Entry<Row>> {
  stream: LogStream<Row, Item>;
  queues: ConversationQueues<Row, Item>;
  /** Notes what follows from a row that has landed. */
  record: (row: Row) => void;
  /** Writes what was noted; false when that failed. */
  flush: () => Promise<boolean>;
  /** Whether other processes may share the database: then the projections are written before the acknowledgement. */
  isShared: boolean;
  /** After a connection broke: replays the own log before anything is answered again. */
  replayOwnLog: () => Promise<void>;
  onError: (error: unknown) => void;
}

export interface Writer {
  /** Starts writing what waits, unless that is under way. */
  wake(): void;
  /** The id time of the oldest row in flight. */
  oldest(): Date | null;
  /** Whether a connection broke and the own log has not been replayed since: the checkpoint stands still till then. */
  isBroken(): boolean;
  /** Waits until the batch that is in flight has landed or failed. */
  drained(): Promise<void>;
  /** Waits until nothing is in flight, released or announced any more. */
  idle(): Promise<void>;
}

interface State<Row extends LogRow, Item extends Entry<Row>> extends Deps<Row, Item> {
  acknowledgements: Acknowledgements<Row>;
  running: Promise<void> | null;
  /** The batch that is being written. */
  round: Promise<void>;
  inFlight: readonly Item[];
  hasBroken: boolean;
}

type CommittedEntry<Row extends LogRow, Item extends Entry<Row>> = Committed<Row> & { entry: Item };

const batchLimit = 500;
const retryMs = 200;

function isLate(entries: readonly { deadline: number }[]): boolean {
  return entries.every(({ deadline }) => deadline <= Date.now());
}

/** Whether the projections are written before the time of all these rows is over; else nobody is answered. */
async function isProjected<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
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

/** Notes, acknowledges and announces what has landed. */
async function commit<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  found: readonly CommittedEntry<Row, Item>[],
): Promise<void> {
  if (found.length === 0) return;
  for (const { row } of found) {
    writer.record(row);
    const queue = writer.queues.of(String(row.conversationId));
    if (queue.last !== null) queue.last = Math.max(queue.last, writer.stream.numberOf(row));
  }
  const entries = found.map(({ entry }) => entry);
  if (writer.isShared && !(await isProjected(writer, entries))) return;
  for (const { entry, row, isNew } of found) writer.acknowledgements.acknowledge(entry, { row, isNew });
}

/** Forgets what is known of the lanes of some rows: their last numbers are read again. */
function forget<Row extends LogRow, Item extends Entry<Row>>(
  { queues }: State<Row, Item>,
  entries: readonly Item[],
): void {
  for (const { row } of entries) queues.of(String(row.conversationId)).last = null;
}

/** Finds out by the store what an element is that a unique index has refused. */
async function resolveConflict<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  entry: Item,
): Promise<void> {
  const [stored] = await writer.stream.byIds([entry.row._id]);
  if (stored) {
    // It had landed before; the number in the store counts.
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

async function resolveStopped<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  batch: readonly Item[],
  stopped: Stopped,
) {
  await commit(
    writer,
    batch.slice(0, stopped.index).map((entry) => ({ entry, row: entry.row, isNew: true })),
  );
  const failed = batch[stopped.index];
  // What stood behind it leads the next batch; what goes back later comes to stand before it.
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

/** Reads by majority which rows of a batch are there; what is missing goes back to the head of its lane. */
async function resolveOnce<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  batch: readonly Item[],
): Promise<void> {
  const rows = await writer.stream.byIds(batch.map(({ row }) => row._id));
  const there = new Map(rows.map((row) => [String(row._id), row]));
  await writer.replayOwnLog();
  writer.hasBroken = false;
  writer.queues.putBack(batch.filter(({ row }) => !there.has(String(row._id))));
  const found = batch.flatMap((entry) => {
    const row = there.get(String(entry.row._id));
    return row ? [{ entry, row, isNew: true }] : [];
  });
  const { numberOf } = writer.stream;
  await commit(
    writer,
    found.sort((a, b) => numberOf(a.row) - numberOf(b.row)),
  );
}

/** Asks the store which rows of a batch are there, until it answers or their time is over. */
async function resolveUnknown<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  batch: readonly Item[],
  cause: unknown,
) {
  writer.onError(cause);
  writer.hasBroken = true;
  forget(writer, batch);
  for (;;) {
    try {
      return await resolveOnce(writer, batch);
    } catch (error) {
      if (isLate(batch)) {
        // Who asked repeats the request, and finds what has landed.
        for (const entry of batch) entry.reject(unavailable(error));
        return;
      }
      await wait(retryMs);
    }
  }
}

/** Tells who waits, in some lanes or in all, that the store cannot be asked. */
function refuseWaiting<Row extends LogRow, Item extends Entry<Row>>(
  { queues }: State<Row, Item>,
  error: unknown,
  which = queues.busy(),
): void {
  for (const queue of which) for (const entry of queues.drop(queue)) entry.reject(unavailable(error));
}

async function readLastNumbers<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<void> {
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

/** After a break the own log is replayed first; false when that fails, and everybody who waits is told. */
async function isRecovered<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<boolean> {
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

/** Where other processes share the database, who may still write is read again; false when that fails. */
async function isRefreshed<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<boolean> {
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

async function writeOnce<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<void> {
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

async function run<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<void> {
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

/** Gives the writer of one kind of rows. */
export function createWriter<Row extends LogRow, Item extends Entry<Row>>(deps: Deps<Row, Item>): Writer {
  const acknowledgements = createAcknowledgements<Row>(deps.onError);
  const writer: State<Row, Item> = {
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
