/** What an expression operator is: a function of evaluated arguments, or a form that compiles its own parts. */
import { CommandError } from '../errors.js';
import { isDoc, type Doc, type Maybe, type Value } from '../bson/value.js';

export type Variables = Readonly<Record<string, Maybe>>;
export type Evaluate = (doc: Doc, variables: Variables) => Maybe;

/** What is known while compiling: the variables that may be named, with the values that do not depend on a document. */
export interface Scope {
  variables: Variables;
}

export interface SimpleOperator {
  min: number;
  max: number;
  apply: (args: readonly Maybe[], name: string) => Maybe;
  /** A single argument that is an array stands for the list of arguments. */
  spread?: boolean;
  /** Arguments are the fields of an object, passed in this order. */
  named?: readonly string[];
  /** Which of the named arguments must be there. */
  required?: readonly string[];
}

export type CompileExpression = (operand: Value, scope: Scope) => Evaluate;
export type OperatorForm = (operand: Value, scope: Scope, compile: CompileExpression) => Evaluate;

/** An operator of a fixed number of arguments. */
export function fixedArity(count: number, apply: SimpleOperator['apply']): SimpleOperator {
  return { min: count, max: count, apply };
}

/** An operator of `min` to `max` arguments. */
export function arityBetween(min: number, max: number, apply: SimpleOperator['apply']): SimpleOperator {
  return { min, max, apply };
}

/** An operator whose arguments are the named fields of an object. */
export function namedArguments(
  names: readonly string[],
  apply: SimpleOperator['apply'],
  required = names,
): SimpleOperator {
  return { min: 1, max: 1, named: names, required, apply };
}

/** True for null and missing, on which most operators give null. */
export function isNullish(value: Maybe): value is null | undefined {
  return value === null || value === undefined;
}

/** The operand's fields, after checking which are required and which are known; throws `code` otherwise. */
export function parseFields(
  operator: string,
  operand: Value,
  fields: { required: readonly string[]; optional?: readonly string[]; code: number },
): Doc {
  if (!isDoc(operand)) throw new CommandError(fields.code, `${operator} only supports an object as its argument`);
  const known = [...fields.required, ...(fields.optional ?? [])];
  const unknown = Object.keys(operand).find((name) => !known.includes(name));
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
