import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';

/**
 * How BSON values live in memory. An int32 is a whole JS number, an int64 a bigint; a double is a JS number when that
 * cannot be mistaken for an int32, else a `Double`. So the numeric type survives a rewrite and plain JS arithmetic works.
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
/** What a path leads to: `undefined` means that the field is missing. */
export type Maybe = Value | undefined;
export type Numeric = number | bigint | Double | Decimal128;

/** True for an embedded document, false for every scalar and array. */
export function isDoc(value: Maybe): value is Doc {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** True for the four numeric types. */
export function isNumeric(value: Maybe): value is Numeric {
  return (
    typeof value === 'number' || typeof value === 'bigint' || value instanceof Double || value instanceof Decimal128
  );
}

/** Sets a field, also one whose name JavaScript treats specially. */
export function setField(target: Doc, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[name] = value;
  }
}

/** The field's value, or undefined if the document has no such field of its own. */
export function getField(source: Doc, name: string): Maybe {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

/** True for a JS number that stands for an int32. */
export function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

/** A double as a value: wrapped only when a bare number would be read as an int32. */
export function double(value: number): number | Double {
  return isInt32(value) ? new Double(value) : value;
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

/** MongoDB's alias of the value's type, as `$type` reports it; `missing` for no value. */
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
