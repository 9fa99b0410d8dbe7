/** Counts the results of a query by the keys of an index alone, without reading the documents. */
import { type Doc, isDoc, setField, type Value } from '../bson/value.js';
import type { IndexPlan, Plan } from '../plan/plan.js';
import { type Pausable, pause } from '../plan/time-slice.js';
import type { StageSpec } from '../stages/stage.js';
import { countInSlices } from '../store/environment.js';
import type { Store } from '../store/store.js';

const maxInt = 2147483647;

/** Creates the output of a counting stage. */
type CountDocument = (n: number | bigint) => Doc;

/** Returns true if a plan has exactly one key for each document of the result. */
export function isCountableByKeys(plan: Plan): plan is IndexPlan {
  return plan.kind === 'index' && plan.exact && !plan.dedupe;
}

/** Counts the keys of a plan, with a pause after every slice. */
export function* countKeys(store: Store, plan: IndexPlan): Generator<typeof pause, number> {
  let n = 0;
  for (const range of plan.ranges) {
    for (const slice of countInSlices(store.data, range)) {
      n += slice;
      yield pause;
    }
  }
  return n;
}

function isOne(field: Value): boolean {
  return isDoc(field) && Object.keys(field).length === 1 && field['$sum'] === 1;
}

function withFields(doc: Doc, names: readonly string[], n: number | bigint): Doc {
  for (const name of names) setField(doc, name, n);
  return doc;
}

/** Returns how to create the output of a stage that only counts (`$count`, or `$group` with `$sum: 1`); null for any other stage. */
export function countDocumentOf(stage: StageSpec | undefined): CountDocument | null {
  const [name, operand] = stage ?? [];
  if (name === '$count' && typeof operand === 'string') return (n) => withFields({}, [operand], n);
  if (name !== '$group' || operand === undefined || !isDoc(operand)) return null;
  const { _id: id, ...fields } = operand;
  if (id === undefined || (id !== null && typeof id !== 'number') || !Object.values(fields).every(isOne)) return null;
  return (n) => withFields({ _id: id }, Object.keys(fields), n);
}

/** Yields the one document of a counting stage, or none if there is nothing to count. */
export function* countResult(keys: Generator<typeof pause, number>, toDocument: CountDocument): Pausable<Doc> {
  const n = yield* keys;
  if (n > 0) yield toDocument(n > maxInt ? BigInt(n) : n);
}
