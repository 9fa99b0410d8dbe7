/** Chooses how to find the documents of a query. */
import { CommandError } from '../errors.js';
import { isDoc, type Value } from '../bson/value.js';
import type { QueryNode } from '../match/query-node.js';
import { isEqual } from '../order/compare.js';
import type { SortPattern } from '../order/sort-pattern.js';
import { primaryIndex, type Index, type Table } from '../store/table.js';
import { conditionsOf } from './conditions.js';
import { candidateOf, matchesAll, type Candidate, type PlanRequest } from './index-candidate.js';
import type { IndexPlan, Plan } from './plan.js';

/** An index must score more than this: an unbounded index over all documents, in no requested order, is no better than a scan. */
const minScore = 1;

/** Finds the index that a hint names, by name or by key. Throws 2 if there is none; returns null for `$natural`. */
function findHinted(table: Table, hint: Value, indexes: readonly Index[]): Index | null {
  if (isDoc(hint) && '$natural' in hint) return null;
  const index = indexes.find(({ name, key }) => (typeof hint === 'string' ? name === hint : isEqual(key, hint)));
  if (!index)
    throw new CommandError(
      2,
      `error processing query: ns=${table.db}.${table.name}: hint provided does not correspond to an existing index`,
    );
  return index;
}

function bestIndexPlan(indexes: readonly Index[], request: PlanRequest): IndexPlan | null {
  let best: Candidate | null = null;
  for (const index of indexes) {
    const candidate = candidateOf(index, request);
    if (candidate && candidate.score > (best?.score ?? minScore)) best = candidate;
  }
  return best?.plan ?? null;
}

/** Plans each branch of an `$or` on an index of its own; null if a branch has none. */
function planUnion(node: QueryNode, indexes: readonly Index[]): Plan | null {
  const conjuncts = node.kind === 'and' ? node.nodes : [node];
  for (const conjunct of conjuncts) {
    if (conjunct.kind !== 'or') continue;
    const others = conjuncts.filter((other) => other !== conjunct);
    const plans: IndexPlan[] = [];
    for (const branch of conjunct.nodes) {
      const whole: QueryNode = { kind: 'and', nodes: [branch, ...others] };
      const best = bestIndexPlan(indexes, { node: whole, conditions: conditionsOf(whole), sort: null });
      if (best) plans.push(best);
    }
    if (plans.length === conjunct.nodes.length) return { kind: 'union', plans, sorted: false, exact: false };
  }
  return null;
}

/** Chooses the plan. With a null `sort` any order will do; `hint` forces an index and throws 2 if it does not exist. */
export function choosePlan(
  table: Table,
  node: QueryNode,
  options: { sort?: SortPattern | null; hint?: Value | undefined },
): Plan {
  const { sort = null, hint } = options;
  const indexes = [primaryIndex(table), ...table.indexes];
  const request: PlanRequest = { node, conditions: conditionsOf(node), sort };
  const scan: Plan = { kind: 'scan', sorted: sort === null, exact: matchesAll(node), reverse: false };
  if (hint !== undefined) {
    const index = findHinted(table, hint, indexes);
    const candidate = index && candidateOf(index, request);
    return candidate?.plan ?? scan;
  }
  const best = bestIndexPlan(indexes, request);
  // Bounds are worth more than order: reading a whole index for its order is the last resort before a scan.
  if (best && !best.readsWholeIndex) return best;
  return planUnion(node, indexes) ?? best ?? scan;
}
