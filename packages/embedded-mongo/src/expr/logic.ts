import { CommandError } from '../errors.js';
import { isDoc, isNum, typeName } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { toDouble } from '../bson/numbers.js';
import { compare } from '../order/compare.js';
import { between, fixed, formFields, nullish, withVariables } from './operator.js';
import type { Evaluate, Form, Simple } from './operator.js';

const isTrue = (value: Maybe): boolean => (isNum(value) ? toDouble(value) !== 0 : !nullish(value) && value !== false);

const comparison = (accepts: (order: number) => boolean): Simple => fixed(2, ([a, b]) => accepts(compare(a, b)));

/** Comparisons and boolean logic over evaluated arguments; missing is below null here. */
export const LOGIC: Readonly<Record<string, Simple>> = {
  $type: fixed(1, ([value]) => typeName(value)),
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: fixed(2, ([a, b]) => Math.sign(compare(a, b))),
  $not: fixed(1, ([value]) => !isTrue(value)),
};

const listOf = (operand: Value): Value[] => (Array.isArray(operand) ? operand : [operand]);

const lazyBoolean =
  (stopAt: boolean): Form =>
  (operand, scope, compile) => {
    const parts = listOf(operand).map((item) => compile(item, scope));
    return (doc, variables) => {
      for (const part of parts) if (isTrue(part(doc, variables)) === stopAt) return stopAt;
      return !stopAt;
    };
  };

const cond: Form = (operand, scope, compile) => {
  const [condition, then, otherwise] = conditionParts(operand).map((item) => compile(item, scope));
  return (doc, variables) => (isTrue(condition?.(doc, variables)) ? then : otherwise)?.(doc, variables);
};

function conditionParts(operand: Value): Value[] {
  if (!Array.isArray(operand)) {
    const fields = formFields('$cond', operand, { required: ['if', 'then', 'else'], code: 17080 });
    return [fields['if'] ?? null, fields['then'] ?? null, fields['else'] ?? null];
  }
  if (operand.length !== 3) {
    throw new CommandError(16020, `Expression $cond takes exactly 3 arguments. ${operand.length} were passed in.`);
  }
  return operand;
}

const ifNull: Form = (operand, scope, compile) => {
  const parts = listOf(operand).map((item) => compile(item, scope));
  if (parts.length < 2) throw new CommandError(1257300, `$ifNull needs at least two arguments, had: ${parts.length}`);
  return (doc, variables) => {
    let value: Maybe;
    for (const part of parts) {
      value = part(doc, variables);
      if (!nullish(value)) return value;
    }
    return value;
  };
};

const switchForm: Form = (operand, scope, compile) => {
  const fields = formFields('$switch', operand, { required: ['branches'], optional: ['default'], code: 40060 });
  if (!Array.isArray(fields['branches'])) throw new CommandError(40061, "$switch expected an array for 'branches'");
  const branches = fields['branches'].map((branch): [Evaluate, Evaluate] => {
    const parts = formFields('$switch branch', branch, { required: ['case', 'then'], code: 40063 });
    return [compile(parts['case'] ?? null, scope), compile(parts['then'] ?? null, scope)];
  });
  const otherwise = fields['default'] === undefined ? null : compile(fields['default'], scope);
  return (doc, variables) => {
    for (const [test, then] of branches) if (isTrue(test(doc, variables))) return then(doc, variables);
    if (!otherwise)
      throw new CommandError(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    return otherwise(doc, variables);
  };
};

const letForm: Form = (operand, scope, compile) => {
  const fields = formFields('$let', operand, { required: ['vars', 'in'], code: 16874 });
  const vars: Doc = isDoc(fields['vars'] ?? null) ? (fields['vars'] as Doc) : {};
  const given = Object.entries(vars).map(([name, item]) => [name, compile(item, scope)] as const);
  const inner = compile(fields['in'] ?? null, withVariables(scope, Object.keys(vars)));
  return (doc, variables) => {
    const added = Object.fromEntries(given.map(([name, evaluate]) => [name, evaluate(doc, variables)]));
    return inner(doc, { ...variables, ...added });
  };
};

export const LOGIC_FORMS: Readonly<Record<string, Form>> = {
  $and: lazyBoolean(false),
  $or: lazyBoolean(true),
  $cond: cond,
  $ifNull: ifNull,
  $switch: switchForm,
  $let: letForm,
};

/** `$max` and `$min` of values without null and missing. */
export function extreme(values: readonly Maybe[], sign: 1 | -1): Maybe {
  let best: Maybe = null;
  for (const value of values) {
    if (nullish(value)) continue;
    if (best === null || compare(value, best) * sign > 0) best = value;
  }
  return best;
}

export const EXTREMES: Readonly<Record<string, Simple>> = {
  $max: { ...between(1, Infinity, (args) => extreme(args, 1)), spread: true },
  $min: { ...between(1, Infinity, (args) => extreme(args, -1)), spread: true },
};
