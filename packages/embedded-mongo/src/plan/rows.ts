/** Runs a plan: reads the documents of a query one by one, with pauses for other commands. */
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
import type { IndexPlan, Plan, ScanPlan, Skip } from './plan.js';
import { pause, type Pausable, type TimeSlice } from './time-slice.js';

export interface Row {
  idKey: Buffer;
  raw: Buffer;
  /** Decodes the document, once. */
  doc: () => Doc;
}

function createRow(idKey: Buffer, raw: Buffer): Row {
  let doc: Doc | undefined;
  return { idKey, raw, doc: () => (doc ??= decode(raw)) };
}

type Entries = Generator<Entry, void>;
/** Null where the scan jumps ahead, so that it can pause there too. */
type SkippingEntries = Generator<Entry | null, void>;

const stringType = encodeKey('')[0] ?? 0;

/** Returns the end of the string that begins at `from`, or -1 for another type. No byte inside a string equals its end. */
function stringEnd(key: Buffer, from: number, descending: boolean): number {
  if (key[from] !== (descending ? ~stringType & 0xff : stringType)) return -1;
  return key.indexOf(descending ? 0xff : 0, from + 1) + 1;
}

/** Reads a range of strings, and jumps from each one to where the field after it is within its bounds. */
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
      const upToString = entry.key.subarray(0, split);
      start = next ? Buffer.concat([upToString, next.low]) : successor(upToString);
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

/** Merges ranges by the keys behind their prefixes. */
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

function* indexRows(context: PlanContext, plan: IndexPlan, seen: Set<string> | null): Pausable<Row> {
  const { store, table, node, timeSlice } = context;
  const keys = plan.merge ? mergeRanges(store, plan) : concatenateRanges(store, plan);
  const isPrimary = plan.index.id === table.id;
  // After a commit the entries may be older than the documents, which then have to be matched again.
  const commits = store.commits();
  for (const entry of keys) {
    if (timeSlice.isOver()) yield pause;
    if (table.dropped) throw new CommandError(175, `collection dropped: ${table.db}.${table.name}`);
    if (!entry) continue;
    const { key, value } = entry;
    const idKey = isPrimary ? key.subarray(4) : idOfEntry(key, value);
    if (seen) {
      const id = idKey.toString('latin1');
      if (seen.has(id)) continue;
      seen.add(id);
    }
    const raw = isPrimary ? value : store.data.get(dataKey(table, idKey));
    if (raw === undefined) continue;
    const row = createRow(idKey, asBuffer(raw));
    if ((plan.exact && commits === store.commits()) || matchesQuery(node, row.doc())) yield row;
  }
}

function* scanRows({ store, table, node, timeSlice }: PlanContext, plan: ScanPlan): Pausable<Row> {
  const range = { start: table.prefix, end: successor(table.prefix) };
  for (const { key, value } of entries(store.data, range, plan.reverse)) {
    if (timeSlice.isOver()) yield pause;
    if (table.dropped) throw new CommandError(175, `collection dropped: ${table.db}.${table.name}`);
    const row = createRow(key.subarray(4), value);
    if (plan.exact || matchesQuery(node, row.doc())) yield row;
  }
}

/** Yields the rows of a plan. Unions and indexes on arrays yield each document once. */
export function* runPlan(context: PlanContext, plan: Plan): Pausable<Row> {
  if (plan.kind === 'scan') return yield* scanRows(context, plan);
  if (plan.kind === 'index') return yield* indexRows(context, plan, plan.dedupe ? new Set() : null);
  const seen = new Set<string>();
  for (const part of plan.plans) yield* indexRows(context, part, seen);
}
