/** String operators. Positions count code points or UTF-8 bytes, depending on the operator. */
import { BSONRegExp, Decimal128, ObjectId, Timestamp } from 'bson';
import { CommandError } from '../errors.js';
import { isNumeric, type Maybe, type Numeric, typeName } from '../bson/value.js';
import { toDouble, toInteger } from '../bson/numbers.js';
import { compilePattern } from '../match/regex.js';
import { arityBetween, fixedArity, isNullish, namedArguments, type SimpleOperator } from './operator.js';

function requireString(value: Maybe, name: string, code: number): string {
  if (typeof value === 'string') return value;
  throw new CommandError(code, `${name} requires a string argument, found: ${typeName(value)}`);
}

/** Formats a number as MongoDB does. */
function formatNumber(value: Numeric): string {
  if (value instanceof Decimal128) return value.toString();
  const plain = typeof value === 'object' ? value.value : value;
  if (plain === Infinity) return 'Infinity';
  return Object.is(plain, -0) ? '-0' : String(plain);
}

/** Converts a value as MongoDB does implicitly. Null and missing values become empty strings. */
function coerceToString(value: Maybe): string {
  if (isNullish(value)) return '';
  if (typeof value === 'string') return value;
  if (isNumeric(value)) return formatNumber(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Timestamp) return String(value);
  throw new CommandError(16007, `can't convert from BSON type ${typeName(value)} to String`);
}

function toObjectId([value]: readonly Maybe[]): Maybe {
  if (isNullish(value)) return null;
  if (value instanceof ObjectId) return value;
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value);
  throw new CommandError(241, `Failed to convert ${typeName(value)} to objectId in $convert with no onError value`);
}

const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());
const upperAscii = (text: string): string => text.replace(/[a-z]+/g, (part) => part.toUpperCase());

function concat(args: readonly Maybe[]): Maybe {
  let result = '';
  for (const arg of args) {
    if (isNullish(arg)) return null;
    if (typeof arg !== 'string') throw new CommandError(16702, `$concat only supports strings, not ${typeName(arg)}`);
    result += arg;
  }
  return result;
}

interface IndexCodes {
  type: number;
  /** 0 if fractions are cut off. */
  fraction: number;
  negative: number | null;
}

function parseIndex(value: Maybe, name: string, codes: IndexCodes): number {
  if (!isNumeric(value)) {
    throw new CommandError(codes.type, `${name}: an index must be a number, but is ${typeName(value)}`);
  }
  const integer = toInteger(value) ?? (codes.fraction ? null : BigInt(Math.trunc(toDouble(value))));
  if (integer === null) throw new CommandError(codes.fraction, `${name}: an index must be an integer`);
  if (integer < 0n && codes.negative !== null) {
    throw new CommandError(codes.negative, `${name}: an index must not be negative`);
  }
  return Number(integer);
}

function substringCP([text, start, length]: readonly Maybe[], name: string): Maybe {
  const points = [...coerceToString(text)];
  const from = parseIndex(start, name, { type: 34450, fraction: 34451, negative: 34455 });
  const size = parseIndex(length, name, { type: 34452, fraction: 34453, negative: 34454 });
  return points.slice(from, from + size).join('');
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

function substringBytes([text, start, length]: readonly Maybe[], name: string): Maybe {
  const bytes = Buffer.from(coerceToString(text));
  const from = parseIndex(start, name, { type: 16034, fraction: 0, negative: 50752 });
  const size = parseIndex(length, name, { type: 16035, fraction: 0, negative: null });
  const end = size < 0 ? bytes.length : from + size;
  if (isContinuation(bytes[from])) {
    throw new CommandError(28656, `${name}: Invalid range, starting index is a UTF-8 continuation byte`);
  }
  if (isContinuation(bytes[end])) {
    throw new CommandError(28657, `${name}: Invalid range, ending index is in the middle of a UTF-8 character`);
  }
  return bytes.toString('utf8', from, end);
}

function split([text, by]: readonly Maybe[], name: string): Maybe {
  if (isNullish(text) || isNullish(by)) return null;
  const separator = requireString(by, name, 40086);
  const input = requireString(text, name, 40085);
  if (separator === '') throw new CommandError(40087, '$split requires a non-empty separator');
  return input.split(separator);
}

const whitespace = new Set([
  ...'\0\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a',
]);

function trimOperator(left: boolean, right: boolean): SimpleOperator {
  const apply: SimpleOperator['apply'] = ([input, chars], name) => {
    if (isNullish(input) || chars === null) return null;
    const points = [...requireString(input, name, 50699)];
    const removed = chars === undefined ? whitespace : new Set(requireString(chars, name, 50700));
    let from = 0;
    let to = points.length;
    while (left && from < to && removed.has(points[from] ?? '')) from++;
    while (right && to > from && removed.has(points[to - 1] ?? '')) to--;
    return points.slice(from, to).join('');
  };
  return namedArguments(['input', 'chars'], apply, ['input']);
}

function compileRegex(regex: Maybe, options: Maybe, name: string): RegExp | null {
  if (isNullish(regex)) return null;
  const pattern = regex instanceof BSONRegExp ? regex : new BSONRegExp(requireString(regex, name, 51105), '');
  if (!isNullish(options) && typeof options !== 'string') {
    throw new CommandError(51106, `${name} needs 'options' to be of type string`);
  }
  if (options && pattern.options) {
    throw new CommandError(51107, `${name} found regex option(s) specified in both 'regex' and 'option' fields`);
  }
  return compilePattern(pattern.pattern, options ?? pattern.options).regex;
}

const regexMatch: SimpleOperator['apply'] = ([input, regex, options], name) => {
  const pattern = compileRegex(regex, options, name);
  return !isNullish(input) && pattern !== null && pattern.test(requireString(input, name, 51104));
};

export const stringOperators: Readonly<Record<string, SimpleOperator>> = {
  $concat: arityBetween(0, Infinity, concat),
  $toObjectId: fixedArity(1, toObjectId),
  $toLower: fixedArity(1, ([value]) => lowerAscii(coerceToString(value))),
  $toUpper: fixedArity(1, ([value]) => upperAscii(coerceToString(value))),
  $substr: fixedArity(3, substringBytes),
  $substrBytes: fixedArity(3, substringBytes),
  $substrCP: fixedArity(3, substringCP),
  $strLenCP: fixedArity(1, ([value], name) => [...requireString(value, name, 34471)].length),
  $strLenBytes: fixedArity(1, ([value], name) => Buffer.byteLength(requireString(value, name, 34473))),
  $split: fixedArity(2, split),
  $trim: trimOperator(true, true),
  $ltrim: trimOperator(true, false),
  $rtrim: trimOperator(false, true),
  $regexMatch: namedArguments(['input', 'regex', 'options'], regexMatch, ['input', 'regex']),
};
