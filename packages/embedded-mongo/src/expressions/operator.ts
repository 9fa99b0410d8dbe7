/** The shape of expression operators: functions of evaluated arguments, or forms that compile their operands. */
import { CommandError } from '../errors.js';
import { toDouble } from '../bson/numbers.js';
import { type Doc, isDoc, isNumeric, type Maybe, type Value } from '../bson/value.js';

export type Variables = Readonly<Record<string, Maybe>>;
export type Evaluate = (doc: Doc, variables: Variables) => Maybe;

/** The variables that an expression may use, with the values that do not depend on a document. */
export interface Scope {
  variables: Variables;
}

export interface SimpleOperator {
  min: number;
  max: number;
  apply: (args: readonly Maybe[], name: string) => Maybe;
  /** True if a single array argument is the list of arguments. */
  spread?: boolean;
  /** The fields of an object that are passed as arguments, in this order. */
  named?: readonly string[];
  /** The named arguments that are required. */
  required?: readonly string[];
}

export type CompileExpression = (operand: Value, scope: Scope) => Evaluate;
export type OperatorForm = (operand: Value, scope: Scope, compile: CompileExpression) => Evaluate;

/** Creates an operator with a fixed number of arguments. */
export function fixedArity(count: number, apply: SimpleOperator['apply']): SimpleOperator {
  return { min: count, max: count, apply };
}

/** Creates an operator with `min` to `max` arguments. */
export function arityBetween(min: number, max: number, apply: SimpleOperator['apply']): SimpleOperator {
  return { min, max, apply };
}

/** Creates an operator whose arguments are the fields of an object. */
export function namedArguments(
  names: readonly string[],
  apply: SimpleOperator['apply'],
  required = names,
): SimpleOperator {
  return { min: 1, max: 1, named: names, required, apply };
}

/** Returns true for null and missing values, for which most operators return null. */
export function isNullish(value: Maybe): value is null | undefined {
  return value === null || value === undefined;
}

/** Throws `code` unless the operand is an object with all required and no unknown fields. */
export function parseFields(
  operator: string,
  operand: Value,
  fields: { required: readonly string[]; optional?: readonly string[]; code: number },
): Doc {
  if (!isDoc(operand)) throw new CommandError(fields.code, `${operator} only supports an object as its argument`);
  const allowed = [...fields.required, ...(fields.optional ?? [])];
  const unknown = Object.keys(operand).find((name) => !allowed.includes(name));
  if (unknown) throw new CommandError(fields.code, `Unrecognized parameter to ${operator}: ${unknown}`);
  const missing = fields.required.find((name) => !(name in operand));
  if (missing) throw new CommandError(fields.code, `Missing '${missing}' parameter to ${operator}`);
  return operand;
}

/** Adds variables to a scope. */
export function withVariables(scope: Scope, names: readonly string[]): Scope {
  const added = Object.fromEntries(names.map((name) => [name, undefined]));
  return { variables: { ...scope.variables, ...added } };
}

/** Returns true unless the value is false, zero, null or missing. */
export function isTruthy(value: Maybe): boolean {
  if (isNumeric(value)) return toDouble(value) !== 0;
  return value !== undefined && value !== null && value !== false;
}
