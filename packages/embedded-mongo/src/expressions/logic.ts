import { CommandError } from '../errors.js';
import { isDoc, type Doc, type Maybe, type Value, typeName } from '../bson/value.js';
import { compare } from '../order/compare.js';
import {
  arityBetween,
  fixedArity,
  isNullish,
  isTruthy,
  parseFields,
  type Evaluate,
  type OperatorForm,
  type SimpleOperator,
  withVariables,
} from './operator.js';

const comparisonOperator = (accepts: (order: number) => boolean): SimpleOperator =>
  fixedArity(2, ([a, b]) => accepts(compare(a, b)));

/** Comparisons and boolean logic. A missing value is below null here, as in the order of values. */
export const logicOperators: Readonly<Record<string, SimpleOperator>> = {
  $type: fixedArity(1, ([value]) => typeName(value)),
  $eq: comparisonOperator((order) => order === 0),
  $ne: comparisonOperator((order) => order !== 0),
  $gt: comparisonOperator((order) => order > 0),
  $gte: comparisonOperator((order) => order >= 0),
  $lt: comparisonOperator((order) => order < 0),
  $lte: comparisonOperator((order) => order <= 0),
  $cmp: fixedArity(2, ([a, b]) => Math.sign(compare(a, b))),
  $not: fixedArity(1, ([value]) => !isTruthy(value)),
};

const toList = (operand: Value): Value[] => (Array.isArray(operand) ? operand : [operand]);

const createLazyBoolean =
  (stopAt: boolean): OperatorForm =>
  (operand, scope, compile) => {
    const operands = toList(operand).map((item) => compile(item, scope));
    return (doc, variables) => {
      for (const evaluate of operands) if (isTruthy(evaluate(doc, variables)) === stopAt) return stopAt;
      return !stopAt;
    };
  };

const condForm: OperatorForm = (operand, scope, compile) => {
  const [condition, then, otherwise] = condOperands(operand).map((item) => compile(item, scope));
  return (doc, variables) => (isTruthy(condition?.(doc, variables)) ? then : otherwise)?.(doc, variables);
};

function condOperands(operand: Value): Value[] {
  if (!Array.isArray(operand)) {
    const fields = parseFields('$cond', operand, { required: ['if', 'then', 'else'], code: 17080 });
    return [fields['if'] ?? null, fields['then'] ?? null, fields['else'] ?? null];
  }
  if (operand.length !== 3) {
    throw new CommandError(16020, `Expression $cond takes exactly 3 arguments. ${operand.length} were passed in.`);
  }
  return operand;
}

const ifNullForm: OperatorForm = (operand, scope, compile) => {
  const operands = toList(operand).map((item) => compile(item, scope));
  if (operands.length < 2)
    throw new CommandError(1257300, `$ifNull needs at least two arguments, had: ${operands.length}`);
  return (doc, variables) => {
    let value: Maybe;
    for (const evaluate of operands) {
      value = evaluate(doc, variables);
      if (!isNullish(value)) return value;
    }
    return value;
  };
};

const switchForm: OperatorForm = (operand, scope, compile) => {
  const fields = parseFields('$switch', operand, { required: ['branches'], optional: ['default'], code: 40060 });
  if (!Array.isArray(fields['branches'])) throw new CommandError(40061, "$switch expected an array for 'branches'");
  const branches = fields['branches'].map((branch): [Evaluate, Evaluate] => {
    const branchFields = parseFields('$switch branch', branch, { required: ['case', 'then'], code: 40063 });
    return [compile(branchFields['case'] ?? null, scope), compile(branchFields['then'] ?? null, scope)];
  });
  const otherwise = fields['default'] === undefined ? null : compile(fields['default'], scope);
  return (doc, variables) => {
    for (const [test, then] of branches) if (isTruthy(test(doc, variables))) return then(doc, variables);
    if (!otherwise)
      throw new CommandError(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    return otherwise(doc, variables);
  };
};

const letForm: OperatorForm = (operand, scope, compile) => {
  const fields = parseFields('$let', operand, { required: ['vars', 'in'], code: 16874 });
  const vars: Doc = isDoc(fields['vars'] ?? null) ? (fields['vars'] as Doc) : {};
  const bindings = Object.entries(vars).map(([name, item]) => [name, compile(item, scope)] as const);
  const inner = compile(fields['in'] ?? null, withVariables(scope, Object.keys(vars)));
  return (doc, variables) => {
    const added = Object.fromEntries(bindings.map(([name, evaluate]) => [name, evaluate(doc, variables)]));
    return inner(doc, { ...variables, ...added });
  };
};

export const logicForms: Readonly<Record<string, OperatorForm>> = {
  $and: createLazyBoolean(false),
  $or: createLazyBoolean(true),
  $cond: condForm,
  $ifNull: ifNullForm,
  $switch: switchForm,
  $let: letForm,
};

/** Returns the maximum or minimum, without null and missing values. */
export function extremeOf(values: readonly Maybe[], sign: 1 | -1): Maybe {
  let best: Maybe = null;
  for (const value of values) {
    if (isNullish(value)) continue;
    if (best === null || compare(value, best) * sign > 0) best = value;
  }
  return best;
}

export const extremeOperators: Readonly<Record<string, SimpleOperator>> = {
  $max: { ...arityBetween(1, Infinity, (args) => extremeOf(args, 1)), spread: true },
  $min: { ...arityBetween(1, Infinity, (args) => extremeOf(args, -1)), spread: true },
};
