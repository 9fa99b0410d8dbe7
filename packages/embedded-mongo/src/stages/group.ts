/** `$group` (https://www.mongodb.com/docs/manual/reference/operator/aggregation/group/): returns one document for each value of `_id`. */
import { CommandError, unsupported } from '../errors.js';
import { isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { compileExpression, type Evaluate, type Scope } from '../expressions/expression.js';
import { encodeKey } from '../order/encode-key.js';
import { pause } from '../plan/time-slice.js';
import { accumulators, type Accumulator, type CreateAccumulator } from './accumulators.js';
import { createMemoryLimit } from './memory-limit.js';
import type { StageContext, Stage } from './stage.js';

interface GroupField {
  name: string;
  operator: string;
  createAccumulator: CreateAccumulator;
  evaluate: Evaluate;
}

export interface GroupSpec {
  id: Value;
  evaluateId: Evaluate;
  fields: readonly GroupField[];
}

function compileField(name: string, operand: Value, scope: Scope): GroupField {
  if (name.includes('.')) throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
  if (name.startsWith('$')) throw new CommandError(40236, `The field name '${name}' cannot be an operator name`);
  const entries = isDoc(operand) ? Object.entries(operand) : [];
  const [only] = entries;
  if (!only) throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  if (entries.length > 1) throw new CommandError(40238, `The field '${name}' must specify one accumulator`);
  const [operator, argument] = only;
  const createAccumulator = Object.hasOwn(accumulators, operator) ? accumulators[operator] : undefined;
  if (!createAccumulator) throw unsupported(15952, `the group operator ${operator}`);
  if (Array.isArray(argument)) throw new CommandError(40237, `The ${operator} accumulator is a unary operator`);
  return { name, operator, createAccumulator, evaluate: compileExpression(argument, scope) };
}

/** Parses the stage. Throws 15947, 15952, 15955 or 40234 to 40238 as MongoDB does. */
export function parseGroup(operand: Value, scope: Scope): GroupSpec {
  if (!isDoc(operand)) throw new CommandError(15947, "a group's fields must be specified in an object");
  const { _id: id, ...rest } = operand;
  if (id === undefined) throw new CommandError(15955, 'a group specification must include an _id');
  const fields = Object.entries(rest).map(([name, item]) => compileField(name, item, scope));
  return { id, evaluateId: compileExpression(id, scope), fields };
}

interface Group {
  id: Value;
  accumulators: readonly Accumulator[];
}

function groupDocument({ id, accumulators }: Group, fields: readonly GroupField[]): Doc {
  const doc: Doc = { _id: id };
  fields.forEach(({ name }, at) => {
    const value = accumulators[at]?.result();
    if (value !== undefined) setField(doc, name, value);
  });
  return doc;
}

/** The approximate size of a group in addition to its key. */
const groupOverheadBytes = 200;

/** Compiles the stage. Its result throws 292 for too many groups, and 146 if the accumulators store too much. */
export function compileGroup(operand: Value, { scope, timeSlice }: StageContext): Stage {
  const { evaluateId, fields } = parseGroup(operand, scope);
  return function* (source) {
    const groups = new Map<string, Group>();
    const reserveGroup = createMemoryLimit(292, '$group');
    const reserveValues = createMemoryLimit(146, 'an accumulator of $group');
    const createGroup = (id: Value, key: string): Group => {
      reserveGroup(key.length + groupOverheadBytes);
      const group = { id, accumulators: fields.map(({ createAccumulator }) => createAccumulator(reserveValues)) };
      groups.set(key, group);
      return group;
    };
    for (const doc of source) {
      if (doc === pause || timeSlice.isOver()) yield pause;
      if (doc === pause) continue;
      const value = evaluateId(doc, scope.variables) ?? null;
      const key = encodeKey(value).toString('latin1');
      const group = groups.get(key) ?? createGroup(value, key);
      fields.forEach(({ evaluate }, at) => group.accumulators[at]?.add(evaluate(doc, scope.variables)));
    }
    for (const group of groups.values()) {
      if (timeSlice.isOver()) yield pause;
      yield groupDocument(group, fields);
    }
  };
}
