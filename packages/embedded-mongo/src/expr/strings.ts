/** String operators. Positions count code points or UTF-8 bytes, as the name says. */
import { BSONRegExp, Decimal128, ObjectId, Timestamp } from 'bson';
import { CommandError } from '../errors.js';
import { isNum, typeName } from '../bson/value.js';
import type { Maybe, Num } from '../bson/value.js';
import { toDouble, toWhole } from '../bson/numbers.js';
import { compilePattern } from '../match/regex.js';
import { between, fixed, named, nullish } from './operator.js';
import type { Simple } from './operator.js';

function string(value: Maybe, name: string, code: number): string {
  if (typeof value === 'string') return value;
  throw new CommandError(code, `${name} requires a string argument, found: ${typeName(value)}`);
}

/** A number as MongoDB prints it. */
function numberText(value: Num): string {
  if (value instanceof Decimal128) return value.toString();
  const plain = typeof value === 'object' ? value.value : value;
  if (plain === Infinity) return 'Infinity';
  return Object.is(plain, -0) ? '-0' : String(plain);
}

/** A value as text where MongoDB converts silently: null and missing are empty. */
function coerced(value: Maybe): string {
  if (nullish(value)) return '';
  if (typeof value === 'string') return value;
  if (isNum(value)) return numberText(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Timestamp) return String(value);
  throw new CommandError(16007, `can't convert from BSON type ${typeName(value)} to String`);
}

/** The identifier that a text of 24 hexadecimal digits stands for. */
function objectId([value]: readonly Maybe[]): Maybe {
  if (nullish(value)) return null;
  if (value instanceof ObjectId) return value;
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value);
  throw new CommandError(241, `Failed to convert ${typeName(value)} to objectId in $convert with no onError value`);
}

const lower = (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());
const upper = (text: string): string => text.replace(/[a-z]+/g, (part) => part.toUpperCase());

function concat(args: readonly Maybe[]): Maybe {
  let result = '';
  for (const arg of args) {
    if (nullish(arg)) return null;
    if (typeof arg !== 'string') throw new CommandError(16702, `$concat only supports strings, not ${typeName(arg)}`);
    result += arg;
  }
  return result;
}

interface NumberCodes {
  readonly type: number;
  readonly whole: number;
  readonly negative: number | null;
}

function count(value: Maybe, name: string, codes: NumberCodes): number {
  if (!isNum(value)) {
    throw new CommandError(codes.type, `${name}: an index must be a number, but is ${typeName(value)}`);
  }
  const whole = toWhole(value) ?? (codes.whole ? null : BigInt(Math.trunc(toDouble(value))));
  if (whole === null) throw new CommandError(codes.whole, `${name}: an index must be a whole number`);
  if (whole < 0n && codes.negative !== null) {
    throw new CommandError(codes.negative, `${name}: an index must not be negative`);
  }
  return Number(whole);
}

function substringCP([text, start, length]: readonly Maybe[], name: string): Maybe {
  const points = [...coerced(text)];
  const from = count(start, name, { type: 34450, whole: 34451, negative: 34455 });
  const many = count(length, name, { type: 34452, whole: 34453, negative: 34454 });
  return points.slice(from, from + many).join('');
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

function substringBytes([text, start, length]: readonly Maybe[], name: string): Maybe {
  const bytes = Buffer.from(coerced(text));
  const from = count(start, name, { type: 16034, whole: 0, negative: 50752 });
  const many = count(length, name, { type: 16035, whole: 0, negative: null });
  const end = many < 0 ? bytes.length : from + many;
  if (isContinuation(bytes[from])) {
    throw new CommandError(28656, `${name}: Invalid range, starting index is a UTF-8 continuation byte`);
  }
  if (isContinuation(bytes[end])) {
    throw new CommandError(28657, `${name}: Invalid range, ending index is in the middle of a UTF-8 character`);
  }
  return bytes.toString('utf8', from, end);
}

function split([text, by]: readonly Maybe[], name: string): Maybe {
  if (nullish(text) || nullish(by)) return null;
  const separator = string(by, name, 40086);
  const whole = string(text, name, 40085);
  if (separator === '') throw new CommandError(40087, '$split requires a non-empty separator');
  return whole.split(separator);
}

const BLANKS = new Set([
  ...'\0\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a',
]);

function trimming(left: boolean, right: boolean): Simple {
  const apply: Simple['apply'] = ([input, chars], name) => {
    if (nullish(input) || chars === null) return null;
    const points = [...string(input, name, 50699)];
    const removed = chars === undefined ? BLANKS : new Set(string(chars, name, 50700));
    let from = 0;
    let to = points.length;
    while (left && from < to && removed.has(points[from] ?? '')) from++;
    while (right && to > from && removed.has(points[to - 1] ?? '')) to--;
    return points.slice(from, to).join('');
  };
  return named(['input', 'chars'], apply, ['input']);
}

function patternOf(regex: Maybe, options: Maybe, name: string): RegExp | null {
  if (nullish(regex)) return null;
  const given = regex instanceof BSONRegExp ? regex : new BSONRegExp(string(regex, name, 51105), '');
  if (!nullish(options) && typeof options !== 'string') {
    throw new CommandError(51106, `${name} needs 'options' to be of type string`);
  }
  if (options && given.options) {
    throw new CommandError(51107, `${name} found regex option(s) specified in both 'regex' and 'option' fields`);
  }
  return compilePattern(given.pattern, options ?? given.options).regex;
}

const regexMatch: Simple['apply'] = ([input, regex, options], name) => {
  const pattern = patternOf(regex, options, name);
  return !nullish(input) && pattern !== null && pattern.test(string(input, name, 51104));
};

export const STRINGS: Readonly<Record<string, Simple>> = {
  $concat: between(0, Infinity, concat),
  $toObjectId: fixed(1, objectId),
  $toLower: fixed(1, ([value]) => lower(coerced(value))),
  $toUpper: fixed(1, ([value]) => upper(coerced(value))),
  $substr: fixed(3, substringBytes),
  $substrBytes: fixed(3, substringBytes),
  $substrCP: fixed(3, substringCP),
  $strLenCP: fixed(1, ([value], name) => [...string(value, name, 34471)].length),
  $strLenBytes: fixed(1, ([value], name) => Buffer.byteLength(string(value, name, 34473))),
  $split: fixed(2, split),
  $trim: trimming(true, true),
  $ltrim: trimming(true, false),
  $rtrim: trimming(false, true),
  $regexMatch: named(['input', 'regex', 'options'], regexMatch, ['input', 'regex']),
};
