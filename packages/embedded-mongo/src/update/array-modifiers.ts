/** The array operators: `$push`, `$addToSet`, `$pop`, `$pull` and `$pullAll`. */
import { BSONRegExp } from 'bson';
import { CommandError } from '../errors.js';
import { isDoc, isNumeric, type Doc, type Maybe, type Value, typeName } from '../bson/value.js';
import { toDouble, toInteger } from '../bson/numbers.js';
import { compileQuery, isValueOperators } from '../match/compile-query.js';
import { matchesQuery } from '../match/query-node.js';
import { compare, isEqual } from '../order/compare.js';
import { compareTuples, parseSort, sortTuple } from '../order/sort-pattern.js';
import type { Scope } from '../expressions/expression.js';
import { copyValue } from './field-modifiers.js';
import type { Modifier, UpdateContext } from './modifier.js';
import { locate, locateOrCreate, setAt } from './target.js';

function arrayAt(value: Maybe, parts: readonly string[], context: UpdateContext): Value[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new CommandError(
    2,
    `The field '${parts.join('.')}' must be an array but is of type ${typeName(value)} in document {_id: ${context.id}}`,
  );
}

function integerClause(value: Maybe, name: string): number | undefined {
  if (value === undefined) return undefined;
  const result = isNumeric(value) ? toInteger(value) : null;
  if (result === null)
    throw new CommandError(2, `The value for ${name} must be an integer value but was given type: ${typeName(value)}`);
  return Number(result);
}

function itemsToAdd(operand: Value, name: string): Value[] {
  if (!isDoc(operand) || !('$each' in operand)) return [operand];
  const list = operand['$each'];
  if (!Array.isArray(list)) {
    throw new CommandError(
      name === '$push' ? 2 : 14,
      `The argument to $each in ${name} must be an array but it was of type: ${typeName(list)}`,
    );
  }
  return list;
}

function createSorter(by: Maybe): ((list: Value[]) => Value[]) | null {
  if (by === undefined) return null;
  if (isNumeric(by) && Math.abs(toDouble(by)) === 1) return (list) => list.sort((a, b) => compare(a, b) * toDouble(by));
  if (!isDoc(by) || !Object.keys(by).length)
    throw new CommandError(
      2,
      'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
    );
  const pattern = parseSort(by);
  return (list) =>
    list
      .map((item) => ({ item, key: sortTuple(isDoc(item) ? item : {}, pattern) }))
      .sort((a, b) => compareTuples(a.key, b.key, pattern.descending))
      .map(({ item }) => item);
}

const pushClauses = new Set(['$each', '$slice', '$sort', '$position']);

const push: Modifier = (operand) => {
  const clauses: Doc = isDoc(operand) && '$each' in operand ? operand : {};
  const unknown = Object.keys(clauses).find((name) => !pushClauses.has(name));
  if (unknown) throw new CommandError(2, `Unrecognized clause in $push: ${unknown}`);
  const items = itemsToAdd(operand, '$push');
  const position = integerClause(clauses['$position'], '$position');
  const slice = integerClause(clauses['$slice'], '$slice');
  const sort = createSorter(clauses['$sort']);
  return (doc, parts, context) => {
    const { container, key, value } = locateOrCreate(doc, parts);
    let list = [...arrayAt(value, parts, context)];
    list.splice(position ?? list.length, 0, ...items.map(copyValue));
    if (sort) list = sort(list);
    if (slice !== undefined) list = slice >= 0 ? list.slice(0, slice) : list.slice(slice);
    setAt(container, key, list);
  };
};

const addToSet: Modifier = (operand) => {
  const items = itemsToAdd(operand, '$addToSet');
  return (doc, parts, context) => {
    const { container, key, value } = locateOrCreate(doc, parts);
    if (value !== undefined && !Array.isArray(value)) {
      throw new CommandError(
        2,
        `Cannot apply $addToSet to non-array field. Field named '${key}' has non-array type ${typeName(value)}`,
      );
    }
    const list = [...arrayAt(value, parts, context)];
    for (const item of items) if (!list.some((present) => isEqual(present, item))) list.push(copyValue(item));
    setAt(container, key, list);
  };
};

const pop: Modifier = (operand) => {
  if (!isNumeric(operand) || Math.abs(toDouble(operand)) !== 1)
    throw new CommandError(9, `$pop expects 1 or -1, found: ${String(operand)}`);
  const isFirst = toDouble(operand) < 0;
  return (doc, parts) => {
    const target = locate(doc, parts);
    if (target?.value === undefined) return;
    if (!Array.isArray(target.value)) {
      throw new CommandError(
        14,
        `Path '${parts.join('.')}' contains an element of non-array type '${typeName(target.value)}'`,
      );
    }
    setAt(target.container, target.key, isFirst ? target.value.slice(1) : target.value.slice(0, -1));
  };
};

const createRemoval =
  (name: string, compile: (operand: Value, scope: Scope) => (item: Value) => boolean): Modifier =>
  (operand, _path, scope) => {
    const isRemoved = compile(operand, scope);
    return (doc, parts) => {
      const target = locate(doc, parts);
      if (target?.value === undefined) return;
      if (!Array.isArray(target.value)) throw new CommandError(2, `Cannot apply ${name} to a non-array value`);
      setAt(
        target.container,
        target.key,
        target.value.filter((item) => !isRemoved(item)),
      );
    };
  };

/** `$pull`: operators and patterns match the element, a document is a query on it, and any other value is compared. */
function pullCondition(operand: Value, scope: Scope): (item: Value) => boolean {
  if (isValueOperators(operand) || operand instanceof BSONRegExp) {
    const node = compileQuery({ element: operand }, scope);
    return (item) => matchesQuery(node, { element: item });
  }
  if (!isDoc(operand)) return (item) => isEqual(item, operand);
  const node = compileQuery(operand, scope);
  return (item) => isDoc(item) && matchesQuery(node, item);
}

export const arrayModifiers: Readonly<Record<string, Modifier>> = {
  $push: push,
  $addToSet: addToSet,
  $pop: pop,
  $pull: createRemoval('$pull', pullCondition),
  $pullAll: createRemoval('$pull', (operand) => {
    if (!Array.isArray(operand))
      throw new CommandError(2, `$pullAll requires an array argument but was given a ${typeName(operand)}`);
    return (item) => operand.some((removed) => isEqual(removed, item));
  }),
};
