/** Aggregation expressions (https://www.mongodb.com/docs/manual/reference/operator/aggregation/): compiled once, evaluated per document. */
import { CommandError, unsupported } from '../errors.js';
import { getField, isDoc, setField, type Doc, type Maybe, type Value } from '../bson/value.js';
import { splitPath } from '../match/path.js';
import { arithmeticOperators } from './arithmetic.js';
import { arrayForms } from './array-forms.js';
import { arrayOperators } from './arrays.js';
import { logicForms, logicOperators } from './logic.js';
import { objectForms, objectOperators } from './objects.js';
import {
  parseFields,
  type Evaluate,
  type OperatorForm,
  type Scope,
  type SimpleOperator,
  type Variables,
} from './operator.js';
import { stringOperators } from './strings.js';

export type { Evaluate, Scope, Variables } from './operator.js';

const simpleOperators: Readonly<Record<string, SimpleOperator>> = {
  ...arithmeticOperators,
  ...arrayOperators,
  ...logicOperators,
  ...objectOperators,
  ...stringOperators,
};

const operatorForms: Readonly<Record<string, OperatorForm>> = {
  ...arrayForms,
  ...logicForms,
  ...objectForms,
  $literal: (operand) => () => operand,
  $expr: (operand, scope, compile) => compile(operand, scope),
};

const unsupportedOperators = new Set([
  '$function',
  '$accumulator',
  '$meta',
  '$rand',
  '$setWindowFields',
  '$toHashedIndexKey',
]);

/** Follows a field path. Through an array it returns the array of the values in its elements. */
export function fieldValue(value: Maybe, parts: readonly string[], from = 0): Maybe {
  if (from === parts.length) return value;
  if (isDoc(value)) return fieldValue(getField(value, parts[from] ?? ''), parts, from + 1);
  if (!Array.isArray(value)) return undefined;
  const values: Value[] = [];
  for (const item of value) {
    const inner = isDoc(item) || Array.isArray(item) ? fieldValue(item, parts, from) : undefined;
    if (inner !== undefined) values.push(inner);
  }
  return values;
}

const variableName = /^[A-Za-z\u0080-\uffff][\w\u0080-\uffff]*$/;

function compileVariable(path: string, scope: Scope): Evaluate {
  const [name = '', ...parts] = splitPath(path.slice(2));
  if (name === 'ROOT' || name === 'CURRENT') return (doc) => fieldValue(doc, parts);
  if (name === 'REMOVE') return () => undefined;
  if (!Object.hasOwn(scope.variables, name)) {
    if (!variableName.test(name))
      throw new CommandError(9, `'${name}' starts with an invalid character for a user variable name`);
    throw new CommandError(17276, `Use of undefined variable: ${name}`);
  }
  return (_doc, variables) => fieldValue(variables[name], parts);
}

function compileField(path: string): Evaluate {
  const parts = splitPath(path.slice(1));
  if (parts.some((part) => part === '')) {
    throw new CommandError(
      path === '$' ? 16872 : 15998,
      path === '$' ? `'$' by itself is not a valid FieldPath` : 'FieldPath field names may not be empty strings.',
    );
  }
  if (parts.some((part) => part.startsWith('$'))) {
    throw new CommandError(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
    );
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? (doc) => getField(doc, only) : (doc) => fieldValue(doc, parts);
}

function compileDocument(operand: Doc, scope: Scope): Evaluate {
  const fields = Object.entries(operand).map(([name, item]) => [name, compileExpression(item, scope)] as const);
  return (doc, variables) => {
    const result: Doc = {};
    for (const [name, evaluate] of fields) {
      const value = evaluate(doc, variables);
      if (value !== undefined) setField(result, name, value);
    }
    return result;
  };
}

function checkArgumentCount(name: string, operator: SimpleOperator, count: number): void {
  const { min, max } = operator;
  if (count >= min && count <= max) return;
  const range = min === max ? `exactly ${min}` : `at least ${min}${Number.isFinite(max) ? ` and at most ${max}` : ''}`;
  throw new CommandError(
    min === max ? 16020 : 28667,
    `Expression ${name} takes ${range} arguments. ${count} were passed in.`,
  );
}

function compileSimple(name: string, operator: SimpleOperator, operand: Value, scope: Scope): Evaluate {
  if (operator.named) {
    const fields = { required: operator.required ?? [], optional: operator.named, code: 9 };
    const inner = compileDocument(parseFields(name, operand, fields), scope);
    return (doc, variables) => {
      const args = inner(doc, variables);
      return operator.apply(operator.named?.map((key) => (isDoc(args) ? args[key] : undefined)) ?? [], name);
    };
  }
  const args = (Array.isArray(operand) ? operand : [operand]).map((item) => compileExpression(item, scope));
  checkArgumentCount(name, operator, args.length);
  const spread = operator.spread && args.length === 1;
  return (doc, variables) => {
    const values = args.map((evaluate) => evaluate(doc, variables));
    const [first] = values;
    return operator.apply(spread && Array.isArray(first) ? first : values, name);
  };
}

function compileOperator(name: string, operand: Value, scope: Scope): Evaluate {
  const form = Object.hasOwn(operatorForms, name) ? operatorForms[name] : undefined;
  if (form) return form(operand, scope, compileExpression);
  const simple = Object.hasOwn(simpleOperators, name) ? simpleOperators[name] : undefined;
  if (simple) return compileSimple(name, simple, operand, scope);
  if (unsupportedOperators.has(name)) throw unsupported(168, `the expression ${name}`);
  throw new CommandError(168, `Unrecognized expression '${name}'; if MongoDB has it, set MONGODB_URI to use it`);
}

/** Compiles an expression. Throws MongoDB's code for an invalid one, 168 for an unknown operator. */
export function compileExpression(operand: Value, scope: Scope): Evaluate {
  if (typeof operand === 'string') {
    if (operand.startsWith('$$')) return compileVariable(operand, scope);
    return operand.startsWith('$') ? compileField(operand) : () => operand;
  }
  if (Array.isArray(operand)) {
    const items = operand.map((item) => compileExpression(item, scope));
    return (doc, variables) => items.map((evaluate) => evaluate(doc, variables) ?? null);
  }
  if (!isDoc(operand)) return () => operand;
  const names = Object.keys(operand);
  const [first] = names;
  if (first === undefined || !first.startsWith('$')) {
    const invalid = names.find((name) => name.startsWith('$'));
    if (invalid) throw new CommandError(16410, `FieldPath field names may not start with '$': ${invalid}`);
    return compileDocument(operand, scope);
  }
  if (names.length > 1) {
    throw new CommandError(15983, 'An object representing an expression must have exactly one field');
  }
  return compileOperator(first, operand[first] ?? null, scope);
}

/** Creates the scope of a command: `$$NOW` and the variables of `let`. */
export function rootScope(now: Date, variables: Variables = {}): Scope {
  return { variables: { NOW: now, ...variables } };
}
