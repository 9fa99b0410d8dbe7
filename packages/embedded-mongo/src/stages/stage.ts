/** The shape of a pipeline stage, and helpers to build stages. */
import type { Value, Doc } from '../bson/value.js';
import type { Scope } from '../expressions/expression.js';
import { pause, type Pausable, type TimeSlice } from '../plan/time-slice.js';
import { encodedSize, type ReserveMemory } from './memory-limit.js';

export type Stage = (source: Pausable<Doc>) => Pausable<Doc>;
export type StageSpec = readonly [name: string, operand: Value];

export interface StageContext {
  scope: Scope;
  timeSlice: TimeSlice;
  /** Runs stages over another collection of the database. The first ones go to the planner, so that it can use an index. */
  run: (collection: Value, stages: readonly StageSpec[], context: StageContext) => Pausable<Doc>;
  /** Compiles stages that run inside another stage, over given documents. */
  compile: (stages: readonly StageSpec[], context: StageContext) => Stage;
}

export type CompileStage = (operand: Value, context: StageContext) => Stage;

/** Creates a stage that maps each document; null drops it. */
export function mapDocuments(map: (doc: Doc) => Doc | null): Stage {
  return function* (source) {
    for (const doc of source) {
      const result = doc === pause ? pause : map(doc);
      if (result !== null) yield result;
    }
  };
}

/** Collects all documents of a source, passes on its pauses, and reserves memory for the documents. */
export function* collectDocuments(source: Pausable<Doc>, reserve: ReserveMemory): Generator<typeof pause, Doc[]> {
  const docs: Doc[] = [];
  for (const doc of source) {
    if (doc === pause) {
      yield pause;
      continue;
    }
    reserve(encodedSize(doc));
    docs.push(doc);
  }
  return docs;
}

/** Creates a source of given documents, which pauses like any other. */
export function* fromDocuments(docs: readonly Doc[], timeSlice: TimeSlice): Pausable<Doc> {
  for (const doc of docs) {
    if (timeSlice.isOver()) yield pause;
    yield doc;
  }
}
