/** The one writer of a process for one kind of rows: one ordered batch in flight, while the next one gathers. */
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { Problem, unavailable } from '../kernel/problem.js';
import { type Entry, type Inserted, type Kind, type Landed, type LogRow, oldestOf } from './entry.js';
import type { Lanes } from './lanes.js';
import { createReleases, type Releases } from './releases.js';

interface Deps<Row extends LogRow, Item extends Entry<Row>> {
  kind: Kind<Row, Item>;
  lanes: Lanes<Row, Item>;
  /** Notes what follows from a row that has landed. */
  note: (row: Row) => void;
  /** Writes what was noted; false when that failed. */
  settle: () => Promise<boolean>;
  /** Whether other processes may share the database: then the projections are written before the acknowledgement. */
  isShared: boolean;
  /** After a connection broke: replays the own log before anything is answered again. */
  replayOwn: () => Promise<void>;
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
  passed(): Promise<void>;
  /** Waits until nothing is in flight, released or announced any more. */
  idle(): Promise<void>;
}

interface State<Row extends LogRow, Item extends Entry<Row>> extends Deps<Row, Item> {
  releases: Releases<Row>;
  running: Promise<void> | null;
  /** The batch that is being written. */
  round: Promise<void>;
  inFlight: readonly Item[];
  hasBroken: boolean;
}

type Found<Row extends LogRow, Item extends Entry<Row>> = Landed<Row> & { entry: Item };

const batchLimit = 500;
const lookAgainMs = 200;

function isLate(entries: readonly { deadline: number }[]): boolean {
  return entries.every(({ deadline }) => deadline <= Date.now());
}

/** Whether the projections are written before the time of all these rows is over; else nobody is answered. */
async function isProjected<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  entries: readonly Item[],
): Promise<boolean> {
  while (!(await writer.settle())) {
    writer.hasBroken = true;
    if (isLate(entries)) {
      for (const entry of entries) entry.reject(unavailable());
      return false;
    }
    await wait(lookAgainMs);
  }
  return true;
}

/** Notes, acknowledges and announces what has landed. */
async function landed<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  found: readonly Found<Row, Item>[],
): Promise<void> {
  if (found.length === 0) return;
  for (const { row } of found) {
    writer.note(row);
    const lane = writer.lanes.of(String(row.conversationId));
    if (lane.last !== null) lane.last = Math.max(lane.last, writer.kind.numberOf(row));
  }
  const entries = found.map(({ entry }) => entry);
  if (writer.isShared && !(await isProjected(writer, entries))) return;
  for (const { entry, row, isNew } of found) writer.releases.release(entry, { row, isNew });
}

/** Forgets what is known of the lanes of some rows: their last numbers are read again. */
function forget<Row extends LogRow, Item extends Entry<Row>>(
  { lanes }: State<Row, Item>,
  entries: readonly Item[],
): void {
  for (const { row } of entries) lanes.of(String(row.conversationId)).last = null;
}

/** Finds out by the store what an element is that a unique index has refused. */
async function judgeTaken<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  entry: Item,
): Promise<void> {
  const [own] = await writer.kind.byIds([entry.row._id]);
  if (own) {
    // It had landed before; the number in the store counts.
    forget(writer, [entry]);
    return landed(writer, [{ entry, row: own, isNew: true }]);
  }
  const taken = await writer.kind.judgeTaken(entry);
  if (taken.by === 'first') {
    if (taken.isSame) return landed(writer, [{ entry, row: taken.row, isNew: false }]);
    return entry.reject(new Problem('client_id_reused'));
  }
  if (taken.by === 'number') forget(writer, [entry]);
  writer.lanes.putBack([entry]);
}

type Stopped = Extract<Inserted, { outcome: 'stopped' }>;

async function judge<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  batch: readonly Item[],
  stopped: Stopped,
) {
  await landed(
    writer,
    batch.slice(0, stopped.index).map((entry) => ({ entry, row: entry.row, isNew: true })),
  );
  const failed = batch[stopped.index];
  // What stood behind it leads the next batch; what goes back later comes to stand before it.
  writer.lanes.putBack(batch.slice(stopped.index + 1));
  writer.inFlight = failed ? [failed] : [];
  if (!failed) return;
  if (!stopped.isDuplicate) {
    writer.onError(stopped.error);
    failed.reject(stopped.error instanceof Error ? stopped.error : new Problem('internal', { cause: stopped.error }));
    return;
  }
  try {
    await judgeTaken(writer, failed);
  } catch (error) {
    await lookUp(writer, [failed], error);
  }
}

/** Reads by majority which rows of a batch are there; what is missing goes back to the head of its lane. */
async function lookOnce<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  batch: readonly Item[],
): Promise<void> {
  const rows = await writer.kind.byIds(batch.map(({ row }) => row._id));
  const there = new Map(rows.map((row) => [String(row._id), row]));
  await writer.replayOwn();
  writer.hasBroken = false;
  writer.lanes.putBack(batch.filter(({ row }) => !there.has(String(row._id))));
  const found = batch.flatMap((entry) => {
    const row = there.get(String(entry.row._id));
    return row ? [{ entry, row, isNew: true }] : [];
  });
  const { numberOf } = writer.kind;
  await landed(
    writer,
    found.sort((a, b) => numberOf(a.row) - numberOf(b.row)),
  );
}

/** Asks the store which rows of a batch are there, until it answers or their time is over. */
async function lookUp<Row extends LogRow, Item extends Entry<Row>>(
  writer: State<Row, Item>,
  batch: readonly Item[],
  cause: unknown,
) {
  writer.onError(cause);
  writer.hasBroken = true;
  forget(writer, batch);
  for (;;) {
    try {
      return await lookOnce(writer, batch);
    } catch (error) {
      if (isLate(batch)) {
        // Who asked repeats the request, and finds what has landed.
        for (const entry of batch) entry.reject(unavailable(error));
        return;
      }
      await wait(lookAgainMs);
    }
  }
}

/** Tells who waits, in some lanes or in all, that the store cannot be asked. */
function refuseWaiting<Row extends LogRow, Item extends Entry<Row>>(
  { lanes }: State<Row, Item>,
  error: unknown,
  which = lanes.busy(),
): void {
  for (const lane of which) for (const entry of lanes.drop(lane)) entry.reject(unavailable(error));
}

async function readLastNumbers<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<void> {
  const { lanes, kind, onError } = writer;
  const unknown = lanes.busy().filter(({ last }) => last === null);
  await Promise.all(
    unknown.map(async (lane) => {
      try {
        lane.last = await kind.lastNumber(lane.conversationId);
      } catch (error) {
        onError(error);
        writer.hasBroken = true;
        refuseWaiting(writer, error, [lane]);
      }
    }),
  );
}

/** After a break the own log is replayed first; false when that fails, and everybody who waits is told. */
async function isMended<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<boolean> {
  if (!writer.hasBroken) return true;
  try {
    await writer.replayOwn();
    writer.hasBroken = false;
    return true;
  } catch (error) {
    refuseWaiting(writer, error);
    return false;
  }
}

/** Where other processes share the database, who may still write is read again; false when that fails. */
async function isRefreshed<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<boolean> {
  const { lanes, kind, isShared } = writer;
  if (!isShared || !kind.refresh) return true;
  try {
    await kind.refresh(lanes.busy().flatMap(({ waiting }) => waiting));
    return true;
  } catch (error) {
    writer.hasBroken = true;
    refuseWaiting(writer, error);
    return false;
  }
}

async function writeOnce<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<void> {
  if (!(await isMended(writer))) return;
  await readLastNumbers(writer);
  if (!(await isRefreshed(writer))) return;
  const batch = writer.lanes.take(batchLimit);
  if (batch.length === 0) return;
  writer.inFlight = batch;
  const result = await writer.kind.insertInOrder(batch.map(({ row }) => row));
  if (result.outcome === 'all') {
    await landed(
      writer,
      batch.map((entry) => ({ entry, row: entry.row, isNew: true })),
    );
  } else if (result.outcome === 'stopped') await judge(writer, batch, result);
  else await lookUp(writer, batch, result.error);
  writer.inFlight = [];
}

async function run<Row extends LogRow, Item extends Entry<Row>>(writer: State<Row, Item>): Promise<void> {
  while (writer.lanes.waiting() > 0) {
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
  const releases = createReleases<Row>(deps.onError);
  const writer: State<Row, Item> = {
    ...deps,
    releases,
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
    passed: () => writer.round.catch(() => undefined),
    async idle() {
      while (writer.running !== null) await writer.running;
      await releases.idle();
    },
  };
}
