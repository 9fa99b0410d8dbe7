/** Operators on documents. */
import { CommandError } from '../errors.js';
import { getField, isDoc, setField, type Doc, type Maybe, type Value, typeName } from '../bson/value.js';
import {
  arityBetween,
  fixedArity,
  isNullish,
  parseFields,
  type OperatorForm,
  type SimpleOperator,
} from './operator.js';

/** Merges documents; later fields replace earlier ones. Null and missing values are ignored. */
export function mergeObjects(values: readonly Maybe[]): Doc {
  const result: Doc = {};
  for (const value of values) {
    if (isNullish(value)) continue;
    if (!isDoc(value)) {
      throw new CommandError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`);
    }
    for (const [name, item] of Object.entries(value)) setField(result, name, item);
  }
  return result;
}

function objectToArray(value: Maybe): Maybe {
  if (isNullish(value)) return null;
  if (!isDoc(value)) {
    throw new CommandError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
  }
  return Object.entries(value).map(([k, v]) => ({ k, v }));
}

function pairOf(item: Value): [key: Value, value: Value] {
  if (Array.isArray(item)) {
    const [key, value] = item;
    if (item.length !== 2) throw new CommandError(40397, '$arrayToObject requires an array of size 2 arrays');
    return [key ?? null, value ?? null];
  }
  if (!isDoc(item))
    throw new CommandError(40398, `Unrecognised input type format for $arrayToObject: ${typeName(item)}`);
  if (Object.keys(item).length !== 2) {
    throw new CommandError(40392, "$arrayToObject requires an object with keys 'k' and 'v'");
  }
  const { k, v } = item;
  if (k === undefined || v === undefined) throw new CommandError(40393, "$arrayToObject requires keys 'k' and 'v'");
  return [k, v];
}

function arrayToObject(value: Maybe): Maybe {
  if (isNullish(value)) return null;
  if (!Array.isArray(value)) {
    throw new CommandError(40386, `$arrayToObject requires an array input, found: ${typeName(value)}`);
  }
  const result: Doc = {};
  for (const item of value) {
    const [key, entry] = pairOf(item);
    if (typeof key !== 'string') {
      throw new CommandError(
        Array.isArray(item) ? 40395 : 40394,
        `$arrayToObject needs string keys, not ${typeName(key)}`,
      );
    }
    setField(result, key, entry);
  }
  return result;
}

/** Returns a field name, which must be a constant: a string, or a string inside `$literal`. */
function constantName(operand: Maybe, operator: string): string {
  const literal = isDoc(operand) && Object.keys(operand).length === 1 ? operand['$literal'] : undefined;
  const name = literal ?? operand;
  if (typeof name !== 'string') throw new CommandError(5654602, `${operator} requires 'field' to be a constant string`);
  if (literal === undefined && name.startsWith('$')) {
    throw new CommandError(5654600, `${operator} requires 'field' to be a constant; use $literal for a name with $`);
  }
  return name;
}

const getFieldForm: OperatorForm = (operand, scope, compile) => {
  const isShort = !isDoc(operand) || '$literal' in operand;
  const fields = isShort
    ? { field: operand }
    : parseFields('$getField', operand, { required: ['field', 'input'], code: 3041702 });
  const name = constantName(fields['field'], '$getField');
  const input = isShort ? null : compile(fields['input'] ?? null, scope);
  return (doc, variables) => {
    const source = input ? input(doc, variables) : doc;
    if (isDoc(source)) return getField(source, name);
    return source === null ? null : undefined;
  };
};

function createFieldForm(operator: string, hasValue: boolean): OperatorForm {
  return (operand, scope, compile) => {
    const required = hasValue ? ['field', 'input', 'value'] : ['field', 'input'];
    const fields = parseFields(operator, operand, { required, code: 4161102 });
    const name = constantName(fields['field'], operator);
    const input = compile(fields['input'] ?? null, scope);
    const value = hasValue ? compile(fields['value'] ?? null, scope) : () => undefined;
    return (doc, variables) => {
      const source = input(doc, variables);
      if (isNullish(source)) return null;
      if (!isDoc(source)) throw new CommandError(4161105, `${operator} requires 'input' to evaluate to type Object`);
      const result = mergeObjects([source]);
      const item = value(doc, variables);
      if (item === undefined) Reflect.deleteProperty(result, name);
      else setField(result, name, item);
      return result;
    };
  };
}

export const objectOperators: Readonly<Record<string, SimpleOperator>> = {
  $mergeObjects: { ...arityBetween(0, Infinity, mergeObjects), spread: true },
  $objectToArray: fixedArity(1, ([value]) => objectToArray(value)),
  $arrayToObject: fixedArity(1, ([value]) => arrayToObject(value)),
};

export const objectForms: Readonly<Record<string, OperatorForm>> = {
  $getField: getFieldForm,
  $setField: createFieldForm('$setField', true),
  $unsetField: createFieldForm('$unsetField', false),
};
