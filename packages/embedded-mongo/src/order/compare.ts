/** The comparison order of BSON values (https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/). */
import { Binary, BSONRegExp, Code, ObjectId, Timestamp } from 'bson';
import { compareNumbers } from '../bson/numbers.js';
import { isDoc, isNumeric, type Doc, type Maybe, textOf, type Value, typeName } from '../bson/value.js';

const ranks: Readonly<Record<string, number>> = {
  minKey: 1,
  missing: 2,
  null: 3,
  int: 4,
  long: 4,
  double: 4,
  decimal: 4,
  string: 5,
  symbol: 5,
  object: 6,
  array: 7,
  binData: 8,
  objectId: 9,
  bool: 10,
  date: 11,
  timestamp: 12,
  regex: 13,
  javascript: 14,
  maxKey: 15,
};

/** Returns the position of the value's type in the order. Types that compare with one another share a rank. */
export function rank(value: Maybe): number {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return 4;
    case 'string':
      return 5;
    case 'undefined':
      return 2;
    case 'boolean':
      return 10;
    default:
      return ranks[typeName(value)] ?? 6;
  }
}

/** Maps UTF-16 code units so that they compare like UTF-8: surrogates come after all other units. */
const utf8SortUnit = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** Compares strings by their UTF-8 bytes. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return utf8SortUnit(left) - utf8SortUnit(right);
  }
  return a.length - b.length;
}

function compareBinary(a: Binary, b: Binary): number {
  const left = a.value();
  const right = b.value();
  return left.length - right.length || a.sub_type - b.sub_type || Buffer.compare(left, right);
}

function compareDocs(a: Doc, b: Doc): number {
  const left = Object.keys(a);
  const right = Object.keys(b);
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const leftName = left[index] ?? '';
    const rightName = right[index] ?? '';
    const leftValue = a[leftName];
    const rightValue = b[rightName];
    const order =
      rank(leftValue) - rank(rightValue) ||
      compareStrings(leftName, rightName) ||
      compareSameRank(leftValue, rightValue);
    if (order) return order;
  }
  return left.length - right.length;
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compare(a[index], b[index]);
    if (order) return order;
  }
  return a.length - b.length;
}

function compareTimestamps(a: Timestamp, b: Timestamp): number {
  const left = BigInt.asUintN(64, a.toBigInt());
  const right = BigInt.asUintN(64, b.toBigInt());
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareObjects(a: Maybe, b: Maybe): number {
  if (a instanceof ObjectId && b instanceof ObjectId) return Buffer.compare(a.id, b.id);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (isDoc(a) && isDoc(b)) return compareDocs(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareArrays(a, b);
  return compareOtherTypes(a, b);
}

function compareOtherTypes(a: Maybe, b: Maybe): number {
  if (a instanceof Binary && b instanceof Binary) return compareBinary(a, b);
  if (a instanceof Timestamp && b instanceof Timestamp) return compareTimestamps(a, b);
  if (a instanceof BSONRegExp && b instanceof BSONRegExp) {
    return compareStrings(a.pattern, b.pattern) || compareStrings(a.options, b.options);
  }
  if (a instanceof Code && b instanceof Code) return compareStrings(String(a.code), String(b.code));
  return 0;
}

function compareSameRank(a: Maybe, b: Maybe): number {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  const left = textOf(a);
  const right = textOf(b);
  if (left !== null && right !== null) return compareStrings(left, right);
  return compareObjects(a, b);
}

/** Compares any two values; the order is total. A missing value is below null. */
export function compare(a: Maybe, b: Maybe): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  return rank(a) - rank(b) || compareSameRank(a, b);
}

/** Compares as queries do: by value across numeric types; the order of fields counts. */
export function isEqual(a: Maybe, b: Maybe): boolean {
  return compare(a, b) === 0;
}
