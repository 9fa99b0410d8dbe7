/** The field operators: `$set`, `$unset`, `$inc` and the like. */
import { Decimal128, Double, Timestamp } from 'bson';
import { CommandError } from '../errors.js';
import { add, isInteger, multiply } from '../bson/numbers.js';
import { isDoc, isNumeric, type Doc, type Maybe, type Numeric, type Value, typeName } from '../bson/value.js';
import { compare } from '../order/compare.js';
import type { Modifier, UpdateContext } from './modifier.js';
import { formatValue, locate, locateOrCreate, removeAt, setAt } from './target.js';

const set: Modifier = (operand) => (doc, parts) => {
  const { container, key } = locateOrCreate(doc, parts);
  setAt(container, key, copyValue(operand));
};

/** Copies the documents and arrays in a value, so that one operand can be stored in many documents. */
export function copyValue(value: Value): Value {
  if (Array.isArray(value)) return value.map(copyValue);
  if (!isDoc(value)) return value;
  const result: Doc = {};
  for (const [name, item] of Object.entries(value))
    Object.defineProperty(result, name, {
      value: copyValue(item),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return result;
}

const unset: Modifier = () => (doc, parts) => {
  const target = locate(doc, parts);
  if (target) removeAt(target);
};

function zeroLike(value: Numeric): Numeric {
  if (value instanceof Decimal128) return Decimal128.fromString('0');
  if (typeof value === 'bigint') return 0n;
  return isInteger(value) ? 0 : new Double(0);
}

interface ArithmeticOperation {
  name: string;
  verb: string;
  compute: (a: Numeric, b: Numeric) => Numeric | null;
  initial: (operand: Numeric) => Numeric;
}

const createArithmetic =
  ({ name, verb, compute, initial }: ArithmeticOperation): Modifier =>
  (operand, path) => {
    if (!isNumeric(operand)) {
      throw new CommandError(14, `Cannot ${verb} with non-numeric argument: {${path}: ${formatValue(operand)}}`);
    }
    return (doc, parts, context) => {
      const { container, key, value } = locateOrCreate(doc, parts);
      if (value === undefined) return setAt(container, key, initial(operand));
      if (!isNumeric(value)) throw notNumeric(name, parts, value, context);
      const result = compute(value, operand);
      if (result === null) {
        throw new CommandError(
          2,
          `Failed to apply ${name} operations to current value (${formatValue(value)}) for document {_id: ${context.id}}`,
        );
      }
      setAt(container, key, result);
    };
  };

function notNumeric(name: string, parts: readonly string[], value: Maybe, context: UpdateContext): CommandError {
  return new CommandError(
    14,
    `Cannot apply ${name} to a value of non-numeric type. {_id: ${context.id}} has the field '${parts.at(-1)}' of non-numeric type ${typeName(value)}`,
  );
}

const createExtreme =
  (sign: 1 | -1): Modifier =>
  (operand) =>
  (doc, parts) => {
    const { container, key, value } = locateOrCreate(doc, parts);
    if (value === undefined || compare(operand, value) * sign > 0) setAt(container, key, copyValue(operand));
  };

function createClock(operand: Value, path: string): () => Value {
  if (typeof operand === 'boolean') return () => new Date();
  const type = isDoc(operand) ? operand['$type'] : undefined;
  if (type === 'date') return () => new Date();
  if (type === 'timestamp') return () => new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 });
  throw new CommandError(
    2,
    `The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {${path}: {$type: ...}}}`,
  );
}

const currentDate: Modifier = (operand, path) => {
  const now = createClock(operand, path);
  return (doc, parts) => {
    const { container, key } = locateOrCreate(doc, parts);
    setAt(container, key, now());
  };
};

const bitOperations: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

const bit: Modifier = (operand, path) => {
  if (!isDoc(operand))
    throw new CommandError(
      2,
      `The $bit modifier is not compatible with a ${typeName(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  const steps = Object.entries(operand).map(([name, mask]) => {
    const apply = Object.hasOwn(bitOperations, name) ? bitOperations[name] : undefined;
    if (!apply)
      throw new CommandError(
        2,
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${path}: ...}`,
      );
    if (!isNumeric(mask) || !isInteger(mask))
      throw new CommandError(
        2,
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeName(mask)}' is not supported here: {${name}: ${formatValue(mask)}}`,
      );
    return { apply, mask };
  });
  return (doc, parts, context) => {
    const { container, key, value = 0 } = locateOrCreate(doc, parts);
    if (!isNumeric(value) || !isInteger(value))
      throw new CommandError(
        2,
        `Cannot apply $bit to a value of non-integral type. {_id: ${context.id}} has the field ${key} of non-integer type ${typeName(value)}`,
      );
    const isLong = typeof value === 'bigint' || steps.some(({ mask }) => typeof mask === 'bigint');
    const result = steps.reduce((bits, { apply, mask }) => apply(bits, BigInt(mask)), BigInt(value));
    setAt(container, key, isLong ? BigInt.asIntN(64, result) : Number(BigInt.asIntN(32, result)));
  };
};

/** Returns true if the path passes an array. */
function passesArray(doc: Doc, parts: readonly string[]): boolean {
  return parts.some((_part, depth) => depth > 0 && Array.isArray(locate(doc, parts.slice(0, depth))?.value));
}

const rename: Modifier = (operand, path) => {
  if (typeof operand !== 'string')
    throw new CommandError(2, `The 'to' field for $rename must be a string: ${path}: ${formatValue(operand)}`);
  const to = operand.split('.');
  return (doc, parts) => {
    const source = locate(doc, parts);
    if (source?.value === undefined) return;
    if (passesArray(doc, parts)) {
      throw new CommandError(2, `The source field cannot be an array element, '${path}' in doc`);
    }
    const { value } = source;
    if (passesArray(doc, to)) {
      throw new CommandError(2, `The destination field cannot be an array element, '${operand}' in doc`);
    }
    removeAt(source);
    const { container, key } = locateOrCreate(doc, to);
    setAt(container, key, value);
  };
};

export const FIELD_MODIFIERS: Readonly<Record<string, Modifier>> = {
  $set: set,
  $setOnInsert: (operand, path, scope) => {
    const apply = set(operand, path, scope);
    return (doc, parts, context) => {
      if (context.isInsert) apply(doc, parts, context);
    };
  },
  $unset: unset,
  $inc: createArithmetic({ name: '$inc', verb: 'increment', compute: add, initial: (operand) => operand }),
  $mul: createArithmetic({ name: '$mul', verb: 'multiply', compute: multiply, initial: zeroLike }),
  $max: createExtreme(1),
  $min: createExtreme(-1),
  $currentDate: currentDate,
  $bit: bit,
  $rename: rename,
};
