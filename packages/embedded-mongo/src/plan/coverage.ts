/** Whether a partial or sparse index has every document that a query can want. */
import { typeName } from '../bson/value.js';
import type { Value } from '../bson/value.js';
import type { QueryNode, Test } from '../match/node.js';
import { compare, equal, rank } from '../order/compare.js';
import type { Index } from '../store/table.js';
import type { Condition } from './conditions.js';

const details = { position: -1 };

/** Values of which one must be in the document; null if the condition is not of that form. */
function chosenValues(test: Test): readonly Value[] | null {
  if (test.op === 'eq') return [test.operand];
  return test.op === 'in' && !test.patterns.length ? test.operands : null;
}

const isRange = (test: Test): test is Test & { op: 'gt' | 'gte' | 'lt' | 'lte' } =>
  test.op === 'gt' || test.op === 'gte' || test.op === 'lt' || test.op === 'lte';

/** True when a condition holds only if the field exists. */
function demandsField(test: Test): boolean {
  const values = chosenValues(test);
  if (values) return values.every((value) => value !== null);
  if (isRange(test)) return test.operand !== null && test.matches(undefined, details) === false;
  return test.op === 'exists' || test.op === 'regex' || test.op === 'type' || test.op === 'elemMatch';
}

/** Types whose values a range on an operand of that type can give: one name, or none if several share the rank. */
function typeOfRange(operand: Value): string | null {
  const name = typeName(operand);
  return ['date', 'objectId', 'bool', 'object', 'timestamp', 'binData'].includes(name) ? name : null;
}

function narrower(test: Test & { operand: Value }, filter: Test & { operand: Value }): boolean {
  if (rank(test.operand) !== rank(filter.operand)) return false;
  const order = compare(test.operand, filter.operand);
  const strictEnough = order !== 0 || test.op === filter.op || filter.op === 'gte' || filter.op === 'lte';
  if (test.op === 'gt' || test.op === 'gte')
    return (filter.op === 'gt' || filter.op === 'gte') && order >= 0 && strictEnough;
  return (filter.op === 'lt' || filter.op === 'lte') && order <= 0 && strictEnough;
}

function implies(test: Test, filter: Test): boolean {
  if (filter.op === 'exists') return demandsField(test);
  const values = chosenValues(test);
  if (values)
    return values.length > 0 && values.every((value) => !Array.isArray(value) && filter.matches(value, details));
  if (filter.op === 'type' && test.op === 'type') return [...test.types].every((type) => filter.types.has(type));
  if (!isRange(test)) return false;
  if (filter.op === 'type') {
    const name = typeOfRange(test.operand);
    if (typeName(test.operand) === 'string') return filter.types.has('string') && filter.types.has('symbol');
    return name !== null && filter.types.has(name);
  }
  return isRange(filter) && narrower(test, filter);
}

/** The conditions that make the filter true, or null if the query does not promise it. */
function satisfying(filter: QueryNode, conditions: readonly Condition[]): Condition[] | null {
  if (filter.kind === 'and') {
    const parts = filter.nodes.map((node) => satisfying(node, conditions));
    return parts.every((part) => part !== null) ? parts.flat() : null;
  }
  if (filter.kind === 'or') {
    return filter.nodes.map((node) => satisfying(node, conditions)).find((part) => part !== null) ?? null;
  }
  if (filter.kind !== 'leaf') return null;
  const found = conditions.find(({ path, test }) => path === filter.path && implies(test, filter.test));
  return found ? [found] : null;
}

/** True when the filter and the condition say the same, so that the index has exactly the documents that meet it. */
function same(filter: QueryNode, condition: Condition): boolean {
  if (filter.kind === 'and') return filter.nodes.some((node) => same(node, condition));
  if (filter.kind !== 'leaf' || filter.path !== condition.path) return false;
  const { test } = condition;
  if (filter.test.op === 'exists') return test.op === 'exists';
  return filter.test.op === 'eq' && test.op === 'eq' && equal(filter.test.operand, test.operand);
}

export interface Coverage {
  /** Conditions that every document of the index meets. */
  readonly exact: readonly Condition[];
  /** True when the index leaves documents out, so that going through all of it is worth it. */
  readonly selective: boolean;
}

/** How an index covers a query; null if it may lack documents that the query wants. */
export function coverage(index: Index, conditions: readonly Condition[]): Coverage | null {
  if (index.partial) {
    const filter = index.partial;
    const met = satisfying(filter, conditions);
    if (!met) return null;
    return { exact: met.filter((condition) => condition.node && same(filter, condition)), selective: true };
  }
  if (!index.sparse) return { exact: [], selective: false };
  const present = conditions.filter(({ path, test }) => index.paths.includes(path) && demandsField(test));
  return present.length ? { exact: [], selective: true } : null;
}
