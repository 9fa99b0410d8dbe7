/** Counting what a query finds by the keys of an index alone, without a look at the documents. */
import type { Doc, Value } from '../bson/value.js';
import { isDoc, setField } from '../bson/value.js';
import type { IndexPlan, Plan } from '../plan/plan.js';
import { pause } from '../plan/time-slice.js';
import type { Pausable } from '../plan/time-slice.js';
import { countedSlices } from '../store/environment.js';
import type { Store } from '../store/store.js';
import type { StageSpec } from '../stages/stage.js';

const MOST_INT = 2147483647;

/** Whether the keys of a plan are as many as the documents that the query wants. */
export function countsByKeys(plan: Plan): plan is IndexPlan {
  return plan.kind === 'index' && plan.exact && !plan.dedupe;
}

/** Counts the keys of a plan, with a pause after every slice. */
export function* countKeys(store: Store, plan: IndexPlan): Generator<typeof pause, number> {
  let n = 0;
  for (const range of plan.ranges) {
    for (const slice of countedSlices(store.data, range)) {
      n += slice;
      yield pause;
    }
  }
  return n;
}

const isOne = (item: Value): boolean => isDoc(item) && Object.keys(item).length === 1 && item['$sum'] === 1;

/** What becomes of a count: the document that the stage gives for so many; null for a stage that does not only count. */
export function countingOf(stage: StageSpec | undefined): ((n: number | bigint) => Doc) | null {
  const [name, operand] = stage ?? [];
  if (name === '$count' && typeof operand === 'string') return (n) => fieldsOf({}, [operand], n);
  if (name !== '$group' || operand === undefined || !isDoc(operand)) return null;
  const { _id: id, ...fields } = operand;
  if (id === undefined || (id !== null && typeof id !== 'number') || !Object.values(fields).every(isOne)) return null;
  return (n) => fieldsOf({ _id: id }, Object.keys(fields), n);
}

function fieldsOf(doc: Doc, names: readonly string[], n: number | bigint): Doc {
  for (const name of names) setField(doc, name, n);
  return doc;
}

/** The one document of a stage that counts, or none where there is nothing to count. */
export function* counted(keys: Generator<typeof pause, number>, show: (n: number | bigint) => Doc): Pausable<Doc> {
  const n = yield* keys;
  if (n > 0) yield show(n > MOST_INT ? BigInt(n) : n);
}
