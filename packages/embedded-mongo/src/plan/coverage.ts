/** Decides whether a partial or sparse index contains every result of a query. */
import { type Value, typeName } from '../bson/value.js';
import type { QueryNode, Predicate } from '../match/query-node.js';
import { compare, isEqual, rank } from '../order/compare.js';
import type { Index } from '../store/table.js';
import type { Condition } from './conditions.js';

const ignoredDetails = { position: -1 };

/** Returns the values of which a document must have one, or null for another form of condition. */
function requiredValues(predicate: Predicate): readonly Value[] | null {
  if (predicate.op === 'eq') return [predicate.operand];
  return predicate.op === 'in' && !predicate.patterns.length ? predicate.operands : null;
}

const isRange = (predicate: Predicate): predicate is Predicate & { op: 'gt' | 'gte' | 'lt' | 'lte' } =>
  predicate.op === 'gt' || predicate.op === 'gte' || predicate.op === 'lt' || predicate.op === 'lte';

/** Returns true if the condition can hold only where the field exists. */
function requiresField(predicate: Predicate): boolean {
  const values = requiredValues(predicate);
  if (values) return values.every((value) => value !== null);
  if (isRange(predicate)) return predicate.operand !== null && predicate.matches(undefined, ignoredDetails) === false;
  return (
    predicate.op === 'exists' || predicate.op === 'regex' || predicate.op === 'type' || predicate.op === 'elemMatch'
  );
}

/** Returns the only type that a range on the operand can match, or null if several types share its rank. */
function typeOfRange(operand: Value): string | null {
  const name = typeName(operand);
  return ['date', 'objectId', 'bool', 'object', 'timestamp', 'binData'].includes(name) ? name : null;
}

function isNarrower(predicate: Predicate & { operand: Value }, filter: Predicate & { operand: Value }): boolean {
  if (rank(predicate.operand) !== rank(filter.operand)) return false;
  const order = compare(predicate.operand, filter.operand);
  const isStrictEnough = order !== 0 || predicate.op === filter.op || filter.op === 'gte' || filter.op === 'lte';
  if (predicate.op === 'gt' || predicate.op === 'gte')
    return (filter.op === 'gt' || filter.op === 'gte') && order >= 0 && isStrictEnough;
  return (filter.op === 'lt' || filter.op === 'lte') && order <= 0 && isStrictEnough;
}

function implies(predicate: Predicate, filter: Predicate): boolean {
  if (filter.op === 'exists') return requiresField(predicate);
  const values = requiredValues(predicate);
  if (values)
    return values.length > 0 && values.every((value) => !Array.isArray(value) && filter.matches(value, ignoredDetails));
  if (filter.op === 'type' && predicate.op === 'type')
    return [...predicate.types].every((type) => filter.types.has(type));
  if (!isRange(predicate)) return false;
  if (filter.op === 'type') {
    const name = typeOfRange(predicate.operand);
    if (typeName(predicate.operand) === 'string') return filter.types.has('string') && filter.types.has('symbol');
    return name !== null && filter.types.has(name);
  }
  return isRange(filter) && isNarrower(predicate, filter);
}

/** Returns conditions that together imply the filter, or null if the query does not imply it. */
function findImplying(filter: QueryNode, conditions: readonly Condition[]): Condition[] | null {
  if (filter.kind === 'and') {
    const implying = filter.nodes.map((node) => findImplying(node, conditions));
    return implying.every((found) => found !== null) ? implying.flat() : null;
  }
  if (filter.kind === 'or') {
    return filter.nodes.map((node) => findImplying(node, conditions)).find((implying) => implying !== null) ?? null;
  }
  if (filter.kind !== 'leaf') return null;
  const { path, predicate } = filter;
  const condition = conditions.find((other) => other.path === path && implies(other.predicate, predicate));
  return condition ? [condition] : null;
}

/** Returns true if the filter equals the condition, so that the index contains exactly the documents that meet it. */
function isSameCondition(filter: QueryNode, condition: Condition): boolean {
  if (filter.kind === 'and') return filter.nodes.some((node) => isSameCondition(node, condition));
  if (filter.kind !== 'leaf' || filter.path !== condition.path) return false;
  const { predicate } = condition;
  if (filter.predicate.op === 'exists') return predicate.op === 'exists';
  return filter.predicate.op === 'eq' && predicate.op === 'eq' && isEqual(filter.predicate.operand, predicate.operand);
}

export interface Coverage {
  /** The conditions that every document of the index meets. */
  exact: readonly Condition[];
  /** True if the index omits documents, so that even reading all of it pays. */
  isSelective: boolean;
}

/** Returns how an index covers a query, or null if it may lack results. */
export function coverageOf(index: Index, conditions: readonly Condition[]): Coverage | null {
  if (index.partial) {
    const filter = index.partial;
    const implying = findImplying(filter, conditions);
    if (!implying) return null;
    return {
      exact: implying.filter((condition) => condition.node && isSameCondition(filter, condition)),
      isSelective: true,
    };
  }
  if (!index.sparse) return { exact: [], isSelective: false };
  const present = conditions.filter(({ path, predicate }) => index.paths.includes(path) && requiresField(predicate));
  return present.length ? { exact: [], isSelective: true } : null;
}
