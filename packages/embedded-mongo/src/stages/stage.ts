/** What a pipeline stage is, and what it may use. */
import type { Value, Doc } from '../bson/value.js';
import type { Scope } from '../expressions/expression.js';
import { pause, type Pausable, type TimeSlice } from '../plan/time-slice.js';
import { encodedSize, type ReserveMemory } from './memory-limit.js';

export type Stage = (source: Pausable<Doc>) => Pausable<Doc>;
export type StageSpec = readonly [name: string, operand: Value];

/** What a stage is compiled with. */
export interface StageContext {
  scope: Scope;
  timeSlice: TimeSlice;
  /** Runs stages over another collection of the database. Its head goes to the planner, so that an index can serve it. */
  run: (collection: Value, stages: readonly StageSpec[], context: StageContext) => Pausable<Doc>;
  /** Compiles stages that run inside another, over documents that are there already. */
  compile: (stages: readonly StageSpec[], context: StageContext) => Stage;
}

export type CompileStage = (operand: Value, context: StageContext) => Stage;

/** A stage that looks at one document at a time; null drops it. */
export function mapDocuments(work: (doc: Doc) => Doc | null): Stage {
  return function* (source) {
    for (const doc of source) {
      const result = doc === pause ? pause : work(doc);
      if (result !== null) yield result;
    }
  };
}

/** Gathers all documents of a source, with its pauses; `hold` counts them. */
export function* collectDocuments(source: Pausable<Doc>, hold: ReserveMemory): Generator<typeof pause, Doc[]> {
  const docs: Doc[] = [];
  for (const doc of source) {
    if (doc === pause) {
      yield pause;
      continue;
    }
    hold(encodedSize(doc));
    docs.push(doc);
  }
  return docs;
}

/** A source over documents that are at hand; it pauses as any other. */
export function* fromDocuments(docs: readonly Doc[], timeSlice: TimeSlice): Pausable<Doc> {
  for (const doc of docs) {
    if (timeSlice.isOver()) yield pause;
    yield doc;
  }
}
