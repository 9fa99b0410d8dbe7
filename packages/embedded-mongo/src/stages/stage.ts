/** What a pipeline stage is, and what it may use. */
import type { Value } from '../bson/value.js';
import type { Doc } from '../bson/value.js';
import type { Scope } from '../expr/expression.js';
import { pause } from '../plan/rows.js';
import type { TimeSlice, Paused } from '../plan/rows.js';
import { sizeOf } from './memory.js';
import type { Hold } from './memory.js';

export type Stage = (source: Paused<Doc>) => Paused<Doc>;
export type Named = readonly [name: string, operand: Value];

/** What a stage is compiled with. */
export interface Context {
  readonly scope: Scope;
  readonly timeSlice: TimeSlice;
  /** Runs stages over another collection of the database. Its head goes to the planner, so that an index can serve it. */
  readonly run: (collection: Value, stages: readonly Named[], context: Context) => Paused<Doc>;
  /** Compiles stages that run inside another, over documents that are there already. */
  readonly compile: (stages: readonly Named[], context: Context) => Stage;
}

export type CompileStage = (operand: Value, context: Context) => Stage;

/** A stage that looks at one document at a time; null drops it. */
export function each(work: (doc: Doc) => Doc | null): Stage {
  return function* (source) {
    for (const doc of source) {
      const result = doc === pause ? pause : work(doc);
      if (result !== null) yield result;
    }
  };
}

/** Gathers all documents of a source, with its pauses; `hold` counts them. */
export function* gather(source: Paused<Doc>, hold: Hold): Generator<typeof pause, Doc[]> {
  const docs: Doc[] = [];
  for (const doc of source) {
    if (doc === pause) {
      yield pause;
      continue;
    }
    hold(sizeOf(doc));
    docs.push(doc);
  }
  return docs;
}

/** A source over documents that are at hand; it pauses as any other. */
export function* listed(docs: readonly Doc[], timeSlice: TimeSlice): Paused<Doc> {
  for (const doc of docs) {
    if (timeSlice.isOver()) yield pause;
    yield doc;
  }
}
