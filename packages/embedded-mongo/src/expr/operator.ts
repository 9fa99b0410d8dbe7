/** What an expression operator is: a function of evaluated arguments, or a form that compiles its own parts. */
import { CommandError } from '../errors.js';
import { isDoc } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';

export type Variables = Readonly<Record<string, Maybe>>;
export type Evaluate = (doc: Doc, variables: Variables) => Maybe;

/** What is known while compiling: the variables that may be named, with the values that do not depend on a document. */
export interface Scope {
  readonly variables: Variables;
}

export interface Simple {
  readonly min: number;
  readonly max: number;
  readonly apply: (args: readonly Maybe[], name: string) => Maybe;
  /** A single argument that is an array stands for the list of arguments. */
  readonly spread?: boolean;
  /** Arguments are the fields of an object, passed in this order. */
  readonly named?: readonly string[];
  /** Which of the named arguments must be there. */
  readonly required?: readonly string[];
}

export type Compile = (operand: Value, scope: Scope) => Evaluate;
export type Form = (operand: Value, scope: Scope, compile: Compile) => Evaluate;

/** An operator of a fixed number of arguments. */
export function fixed(count: number, apply: Simple['apply']): Simple {
  return { min: count, max: count, apply };
}

/** An operator of `min` to `max` arguments. */
export function between(min: number, max: number, apply: Simple['apply']): Simple {
  return { min, max, apply };
}

/** An operator whose arguments are the named fields of an object. */
export function named(names: readonly string[], apply: Simple['apply'], required = names): Simple {
  return { min: 1, max: 1, named: names, required, apply };
}

/** True for null and missing, on which most operators give null. */
export function nullish(value: Maybe): value is null | undefined {
  return value === null || value === undefined;
}

/** The operand's fields, after checking which are required and which are known; throws `code` otherwise. */
export function formFields(
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
