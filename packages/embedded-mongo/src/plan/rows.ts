/** Running a plan: the documents of a query, one after the other, with pauses so that others get their turn. */
import { CommandError } from '../errors.js';
import { decode } from '../bson/decode.js';
import type { Doc } from '../bson/value.js';
import { matchesQuery, type QueryNode } from '../match/query-node.js';
import { encodeKey } from '../order/encode-key.js';
import { asBuffer, successor } from '../store/bytes.js';
import { entries, type Entry, type KeyRange } from '../store/environment.js';
import { dataKey, idOfEntry } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Table } from '../store/table.js';
import type { IndexPlan, Plan, Skip } from './plan.js';

/** Yielded between rows when others should have their turn. */
export const pause = Symbol('pause');
export type Pausable<T> = Generator<T | typeof pause, void>;

export interface Row {
  idKey: Buffer;
  raw: Buffer;
  doc: () => Doc;
}

/** Decides when a long command pauses and when its time is up. */
export interface TimeSlice {
  /** True when it is time to pause. Throws 50 when the command's time is up. */
  isOver: () => boolean;
  /** Called when work goes on after a pause. */
  resume: () => void;
  /** Begins anew without a deadline: for the next batch of a cursor. */
  restart: () => void;
}

const SLICE_MS = 8;
const CHECK_EVERY = 32;

/** A pace with a deadline in milliseconds from now; 0 for none. */
export function startTimeSlice(maxTimeMS: number): TimeSlice {
  let deadline = maxTimeMS > 0 ? performance.now() + maxTimeMS : Infinity;
  let since = performance.now();
  let steps = 0;
  return {
    isOver: () => {
      if (++steps % CHECK_EVERY) return false;
      const now = performance.now();
      if (now > deadline) throw new CommandError(50, 'operation exceeded time limit');
      return now - since > SLICE_MS;
    },
    resume: () => {
      since = performance.now();
      if (since > deadline) throw new CommandError(50, 'operation exceeded time limit');
    },
    restart: () => {
      since = performance.now();
      deadline = Infinity;
    },
  };
}

function createRow(idKey: Buffer, raw: Buffer): Row {
  let doc: Doc | undefined;
  return { idKey, raw, doc: () => (doc ??= decode(raw)) };
}

type Entries = Generator<Entry, void>;
/** Null for a leap to another place: others may have their turn there too. */
type SkippingEntries = Generator<Entry | null, void>;

const stringType = encodeKey('')[0] ?? 0;

/** Where a text ends that begins at a place of a key; -1 for anything else. Inside a text there is no byte like its end. */
function stringEnd(key: Buffer, from: number, descending: boolean): number {
  if (key[from] !== (descending ? ~stringType & 0xff : stringType)) return -1;
  return key.indexOf(descending ? 0xff : 0, from + 1) + 1;
}

/** Goes through texts of a range, from each to where the field behind it is within its bounds. */
function* skipEntries(store: Store, range: KeyRange, length: number, { descending, intervals }: Skip): SkippingEntries {
  for (let start: Buffer | null = range.start; start;) {
    const from: Buffer = start;
    start = null;
    for (const entry of entries(store.data, { start: from, end: range.end }, false)) {
      const split = stringEnd(entry.key, length, descending);
      const rest = entry.key.subarray(split);
      const next = intervals.find(({ high }) => Buffer.compare(rest, high) < 0);
      if (split < 0 || (next && Buffer.compare(rest, next.low) >= 0)) {
        yield entry;
        continue;
      }
      const text = entry.key.subarray(0, split);
      start = next ? Buffer.concat([text, next.low]) : successor(text);
      yield null;
      break;
    }
  }
}

function* concatenateRanges(store: Store, { ranges, prefixLengths, reverse, skip }: IndexPlan): SkippingEntries {
  if (reverse) for (const range of [...ranges].reverse()) yield* entries(store.data, range, true);
  else
    for (const [at, range] of ranges.entries()) {
      if (skip) yield* skipEntries(store, range, prefixLengths[at] ?? 0, skip);
      else yield* entries(store.data, range, false);
    }
}

/** Merges ranges by what follows their own part of the key. */
function* mergeRanges(store: Store, { ranges, prefixLengths, reverse }: IndexPlan): Entries {
  const heads: { entry: Entry; rest: Buffer; source: Entries; length: number }[] = [];
  const pull = (source: Entries, length: number): void => {
    const next = source.next();
    if (!next.done) heads.push({ entry: next.value, rest: next.value.key.subarray(length), source, length });
  };
  ranges.forEach((range, at) => pull(entries(store.data, range, reverse), prefixLengths[at] ?? 0));
  while (heads.length) {
    let first = 0;
    for (let at = 1; at < heads.length; at++) {
      const order = Buffer.compare(heads[at]?.rest ?? Buffer.alloc(0), heads[first]?.rest ?? Buffer.alloc(0));
      if (reverse ? order > 0 : order < 0) first = at;
    }
    const [head] = heads.splice(first, 1);
    if (!head) return;
    yield head.entry;
    pull(head.source, head.length);
  }
}

interface PlanContext {
  store: Store;
  table: Table;
  node: QueryNode;
  timeSlice: TimeSlice;
}

function* indexRows(job: PlanContext, plan: IndexPlan, seen: Set<string> | null): Pausable<Row> {
  const { store, table, node, timeSlice } = job;
  const keys = plan.merge ? mergeRanges(store, plan) : concatenateRanges(store, plan);
  const primary = plan.index.id === table.id;
  const began = store.commits();
  for (const entry of keys) {
    if (timeSlice.isOver()) yield pause;
    if (table.dropped) throw new CommandError(175, `collection dropped: ${table.db}.${table.name}`);
    if (!entry) continue;
    const { key, value } = entry;
    const idKey = primary ? key.subarray(4) : idOfEntry(key, value);
    if (seen) {
      const id = idKey.toString('latin1');
      if (seen.has(id)) continue;
      seen.add(id);
    }
    const raw = primary ? value : store.data.get(dataKey(table, idKey));
    if (raw === undefined) continue;
    const row = createRow(idKey, asBuffer(raw));
    if ((plan.exact && began === store.commits()) || matchesQuery(node, row.doc())) yield row;
  }
}

function* scanRows({ store, table, node, timeSlice }: PlanContext, plan: Plan & { kind: 'scan' }): Pausable<Row> {
  const range = { start: table.prefix, end: successor(table.prefix) };
  for (const { key, value } of entries(store.data, range, plan.reverse)) {
    if (timeSlice.isOver()) yield pause;
    if (table.dropped) throw new CommandError(175, `collection dropped: ${table.db}.${table.name}`);
    const row = createRow(key.subarray(4), value);
    if (plan.exact || matchesQuery(node, row.doc())) yield row;
  }
}

/** The rows of a plan. A union and an index with arrays give each document once. */
export function* runPlan(job: PlanContext, plan: Plan): Pausable<Row> {
  if (plan.kind === 'scan') return yield* scanRows(job, plan);
  if (plan.kind === 'index') return yield* indexRows(job, plan, plan.dedupe ? new Set() : null);
  const seen = new Set<string>();
  for (const part of plan.plans) yield* indexRows(job, part, seen);
}
