/** Replies with a first batch, and a cursor for the rest. */
import { encode } from '../bson/encode.js';
import type { Doc } from '../bson/value.js';
import type { Pausable } from '../plan/time-slice.js';
import { type Call, countField, flagField, type Task } from './call.js';
import { readBatch, type ResultStream } from './cursors.js';

export interface FirstBatch {
  namespace: string;
  /** How many documents the first batch has: 0 for as much as fits, -1 for none. */
  size: number;
  /** Batch size of later batches; 0, the default, for as much as fits. */
  laterSize?: number;
  /** True if the rest is discarded. */
  isSingle?: boolean;
  noTimeout?: boolean;
}

const defaultBatchSize = 101;
const maxListed = 10_000;

/** Reads the size of the first batch from a command or its `cursor` option. Throws 14 and 51024. */
export function firstBatchSize(options: Doc, limit: number): number {
  const size = countField(options, 'batchSize', defaultBatchSize);
  if (size === 0) return -1;
  return limit && flagField(options, 'singleBatch') ? limit : size;
}

/** Replies with the first batch of a result, and keeps the rest as an open cursor. */
export function* cursorReply(call: Call, source: Pausable<Buffer>, options: FirstBatch): Task {
  const { namespace, size, laterSize = 0, isSingle = false, noTimeout = false } = options;
  const stream: ResultStream = { source, leftover: null, timeSlice: call.timeSlice };
  const { docs, isLast } = size < 0 ? { docs: [], isLast: false } : yield* readBatch(stream, size);
  const id =
    isLast || isSingle ? 0n : call.engine.cursors.open({ ...stream, namespace, batchSize: laterSize, noTimeout }).id;
  return { cursor: { firstBatch: docs, id, ns: namespace }, ok: 1 };
}

export function* encodeAll(docs: readonly Doc[]): Pausable<Buffer> {
  for (const doc of docs) yield encode(doc);
}

/** Replies with a list of the server in one batch, as `listCollections` and `listIndexes` do. */
export function listReply(call: Call, docs: readonly Doc[], name: string): Task {
  return cursorReply(call, encodeAll(docs), { namespace: `${call.db}.${name}`, size: maxListed });
}
