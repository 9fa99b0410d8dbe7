import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';

/**
 * BSON values in memory. An int32 is an integral JS number and an int64 a bigint. A double is a JS number if it cannot be
 * mistaken for an int32, else a `Double`. This keeps the numeric type when a document is rewritten, and lets plain
 * JS arithmetic work.
 */
export type Scalar =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | ObjectId
  | Binary
  | BSONRegExp
  | BSONSymbol
  | Code
  | Decimal128
  | Double
  | MaxKey
  | MinKey
  | Timestamp;
export type Value = Scalar | Doc | Value[];
export interface Doc {
  [key: string]: Value;
}
/** The value at a path; `undefined` if the field is missing. */
export type Maybe = Value | undefined;
export type Numeric = number | bigint | Double | Decimal128;

/** Returns true for an embedded document, false for a scalar or an array. */
export function isDoc(value: Maybe): value is Doc {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

export function isNumeric(value: Maybe): value is Numeric {
  return (
    typeof value === 'number' || typeof value === 'bigint' || value instanceof Double || value instanceof Decimal128
  );
}

/** Sets a field, even one named `__proto__`. */
export function setField(target: Doc, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[name] = value;
  }
}

/** Returns a field's value, or undefined if the document itself has no such field. */
export function getField(source: Doc, name: string): Maybe {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

/** Returns true if a JS number represents an int32. */
export function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

/** Represents a double, wrapped only if a bare number would be read as an int32. */
export function double(value: number): number | Double {
  return isInt32(value) ? new Double(value) : value;
}

/** Returns the text of a string or symbol, or null for any other value. */
export function textOf(value: Maybe): string | null {
  return typeof value === 'string' ? value : value instanceof BSONSymbol ? value.value : null;
}

const typeNamesByClass = new Map<unknown, string>([
  [Date, 'date'],
  [ObjectId, 'objectId'],
  [Binary, 'binData'],
  [BSONRegExp, 'regex'],
  [BSONSymbol, 'symbol'],
  [Code, 'javascript'],
  [Decimal128, 'decimal'],
  [Double, 'double'],
  [MaxKey, 'maxKey'],
  [MinKey, 'minKey'],
  [Timestamp, 'timestamp'],
]);

/** Returns MongoDB's alias of the type, as `$type` reports it; `missing` for no value. */
export function typeName(value: Maybe): string {
  switch (typeof value) {
    case 'undefined':
      return 'missing';
    case 'number':
      return isInt32(value) ? 'int' : 'double';
    case 'bigint':
      return 'long';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    default:
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isDoc(value)) return 'object';
  return typeNamesByClass.get(Object.getPrototypeOf(value).constructor) ?? 'object';
}

/** BSON type numbers by alias (https://www.mongodb.com/docs/manual/reference/bson-types/). */
export const typeCodes: ReadonlyMap<string, number> = new Map([
  ['double', 1],
  ['string', 2],
  ['object', 3],
  ['array', 4],
  ['binData', 5],
  ['undefined', 6],
  ['objectId', 7],
  ['bool', 8],
  ['date', 9],
  ['null', 10],
  ['regex', 11],
  ['dbPointer', 12],
  ['javascript', 13],
  ['symbol', 14],
  ['javascriptWithScope', 15],
  ['int', 16],
  ['timestamp', 17],
  ['long', 18],
  ['decimal', 19],
  ['minKey', -1],
  ['maxKey', 127],
]);
