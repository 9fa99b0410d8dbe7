/** Whether a partial or sparse index has every document that a query can want. */
import { typeName, type Value } from '../bson/value.js';
import type { QueryNode, Predicate } from '../match/query-node.js';
import { compare, isEqual, rank } from '../order/compare.js';
import type { Index } from '../store/table.js';
import type { Condition } from './conditions.js';

const ignoredDetails = { position: -1 };

/** Values of which one must be in the document; null if the condition is not of that form. */
function requiredValues(test: Predicate): readonly Value[] | null {
  if (test.op === 'eq') return [test.operand];
  return test.op === 'in' && !test.patterns.length ? test.operands : null;
}

const isRange = (test: Predicate): test is Predicate & { op: 'gt' | 'gte' | 'lt' | 'lte' } =>
  test.op === 'gt' || test.op === 'gte' || test.op === 'lt' || test.op === 'lte';

/** True when a condition holds only if the field exists. */
function requiresField(test: Predicate): boolean {
  const values = requiredValues(test);
  if (values) return values.every((value) => value !== null);
  if (isRange(test)) return test.operand !== null && test.matches(undefined, ignoredDetails) === false;
  return test.op === 'exists' || test.op === 'regex' || test.op === 'type' || test.op === 'elemMatch';
}

/** Types whose values a range on an operand of that type can give: one name, or none if several share the rank. */
function typeOfRange(operand: Value): string | null {
  const name = typeName(operand);
  return ['date', 'objectId', 'bool', 'object', 'timestamp', 'binData'].includes(name) ? name : null;
}

function isNarrower(test: Predicate & { operand: Value }, filter: Predicate & { operand: Value }): boolean {
  if (rank(test.operand) !== rank(filter.operand)) return false;
  const order = compare(test.operand, filter.operand);
  const strictEnough = order !== 0 || test.op === filter.op || filter.op === 'gte' || filter.op === 'lte';
  if (test.op === 'gt' || test.op === 'gte')
    return (filter.op === 'gt' || filter.op === 'gte') && order >= 0 && strictEnough;
  return (filter.op === 'lt' || filter.op === 'lte') && order <= 0 && strictEnough;
}

function implies(test: Predicate, filter: Predicate): boolean {
  if (filter.op === 'exists') return requiresField(test);
  const values = requiredValues(test);
  if (values)
    return values.length > 0 && values.every((value) => !Array.isArray(value) && filter.matches(value, ignoredDetails));
  if (filter.op === 'type' && test.op === 'type') return [...test.types].every((type) => filter.types.has(type));
  if (!isRange(test)) return false;
  if (filter.op === 'type') {
    const name = typeOfRange(test.operand);
    if (typeName(test.operand) === 'string') return filter.types.has('string') && filter.types.has('symbol');
    return name !== null && filter.types.has(name);
  }
  return isRange(filter) && isNarrower(test, filter);
}

/** The conditions that make the filter true, or null if the query does not promise it. */
function findImplying(filter: QueryNode, conditions: readonly Condition[]): Condition[] | null {
  if (filter.kind === 'and') {
    const parts = filter.nodes.map((node) => findImplying(node, conditions));
    return parts.every((part) => part !== null) ? parts.flat() : null;
  }
  if (filter.kind === 'or') {
    return filter.nodes.map((node) => findImplying(node, conditions)).find((part) => part !== null) ?? null;
  }
  if (filter.kind !== 'leaf') return null;
  const found = conditions.find(({ path, test }) => path === filter.path && implies(test, filter.test));
  return found ? [found] : null;
}

/** True when the filter and the condition say the same, so that the index has exactly the documents that meet it. */
function isSameCondition(filter: QueryNode, condition: Condition): boolean {
  if (filter.kind === 'and') return filter.nodes.some((node) => isSameCondition(node, condition));
  if (filter.kind !== 'leaf' || filter.path !== condition.path) return false;
  const { test } = condition;
  if (filter.test.op === 'exists') return test.op === 'exists';
  return filter.test.op === 'eq' && test.op === 'eq' && isEqual(filter.test.operand, test.operand);
}

export interface Coverage {
  /** Conditions that every document of the index meets. */
  exact: readonly Condition[];
  /** True when the index leaves documents out, so that going through all of it is worth it. */
  isSelective: boolean;
}

/** How an index covers a query; null if it may lack documents that the query wants. */
export function coverageOf(index: Index, conditions: readonly Condition[]): Coverage | null {
  if (index.partial) {
    const filter = index.partial;
    const met = findImplying(filter, conditions);
    if (!met) return null;
    return {
      exact: met.filter((condition) => condition.node && isSameCondition(filter, condition)),
      isSelective: true,
    };
  }
  if (!index.sparse) return { exact: [], isSelective: false };
  const present = conditions.filter(({ path, test }) => index.paths.includes(path) && requiresField(test));
  return present.length ? { exact: [], isSelective: true } : null;
}
