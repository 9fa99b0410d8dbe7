/** Date operators (https://www.mongodb.com/docs/manual/reference/operator/aggregation/#date-expression-operators). */
import { ObjectId, Timestamp } from 'bson';
import { CommandError, unsupported } from '../errors.js';
import { isDoc, isNum, typeName } from '../bson/value.js';
import type { Doc, Maybe, Value } from '../bson/value.js';
import { toWhole } from '../bson/numbers.js';
import { DAY, dayOfYear, isoWeek, isoWeekday, isoWeekYear, ofIsoWeek, week } from './calendar.js';
import { formatDate, parseDate } from './date-text.js';
import { formFields, nullish } from './operator.js';
import type { Compile, Evaluate, Form, Scope, Variables } from './operator.js';
import { toLocal, toUtc, zoneOf } from './time-zone.js';
import type { Zone } from './time-zone.js';

/** The moment of a value, in milliseconds. Throws 16006 for what is neither date, ObjectId nor timestamp. */
export function millisOf(value: Maybe, code = 16006): number {
  if (value instanceof Date) return value.getTime();
  if (value instanceof ObjectId) return value.getTimestamp().getTime();
  if (value instanceof Timestamp) return value.getHighBitsUnsigned() * 1000;
  throw new CommandError(code, `can't convert from BSON type ${typeName(value)} to Date`);
}

/** The zone an argument names; null if the argument is null, UTC if it is not given. */
export function zoneArgument(value: Maybe, given: boolean): Zone | null {
  if (!given) return zoneOf('UTC');
  if (nullish(value)) return null;
  if (typeof value !== 'string')
    throw new CommandError(40517, `timezone must evaluate to a string, found ${typeName(value)}`);
  return zoneOf(value);
}

export interface Arguments {
  readonly has: (name: string) => boolean;
  readonly get: (name: string) => Maybe;
  readonly zone: () => Zone | null;
}

/** An operator that takes an object of expressions. */
export function withFields(
  name: string,
  fields: { required: readonly string[]; optional?: readonly string[]; code: number },
  run: (args: Arguments) => Maybe,
): Form {
  return (operand, scope, compile) => {
    const given = formFields(name, operand, fields);
    const parts = new Map(Object.entries(given).map(([field, item]) => [field, compile(item, scope)]));
    return (doc, variables) => {
      const get = (field: string): Maybe => parts.get(field)?.(doc, variables);
      const has = (field: string): boolean => parts.has(field);
      return run({ get, has, zone: () => zoneArgument(get('timezone'), has('timezone')) });
    };
  };
}

function dateAndZone(operand: Value, scope: Scope, compile: Compile): (doc: Doc, variables: Variables) => Date | null {
  const single = Array.isArray(operand) && operand.length === 1 ? (operand[0] ?? null) : operand;
  if (Array.isArray(single)) throw new CommandError(40536, 'a date operator takes one argument');
  const options = isDoc(single) && !Object.keys(single)[0]?.startsWith('$') ? single : null;
  const fields = options
    ? formFields('a date operator', options, { required: ['date'], optional: ['timezone'], code: 40535 })
    : { date: single };
  const date = compile(fields['date'] ?? null, scope);
  const zone: Evaluate = compile(fields['timezone'] ?? null, scope);
  return (doc, variables) => {
    const value = date(doc, variables);
    const place = zoneArgument(zone(doc, variables), 'timezone' in fields);
    return nullish(value) || !place ? null : new Date(toLocal(millisOf(value), place));
  };
}

const part =
  (read: (local: Date) => Value): Form =>
  (operand, scope, compile) => {
    const local = dateAndZone(operand, scope, compile);
    return (doc, variables) => {
      const date = local(doc, variables);
      return date && read(date);
    };
  };

const dateToString = withFields(
  '$dateToString',
  { required: ['date'], optional: ['format', 'timezone', 'onNull'], code: 18534 },
  (args) => {
    const date = args.get('date');
    const zone = args.zone();
    const format = args.get('format');
    if (nullish(date)) return args.has('onNull') ? args.get('onNull') : null;
    if (!zone || (args.has('format') && nullish(format))) return null;
    if (format !== undefined && typeof format !== 'string') {
      throw new CommandError(18533, `$dateToString requires that 'format' be a string, found: ${typeName(format)}`);
    }
    return formatDate(millisOf(date), zone, format ?? `%Y-%m-%dT%H:%M:%S.%L${zone.isUtc ? 'Z' : ''}`);
  },
);

const dateFromString = withFields(
  '$dateFromString',
  { required: ['dateString'], optional: ['format', 'timezone', 'onError', 'onNull'], code: 40541 },
  (args) => {
    if (args.has('format')) throw unsupported(168, 'the format of $dateFromString');
    const text = args.get('dateString');
    if (nullish(text)) return args.has('onNull') ? args.get('onNull') : null;
    const zone = args.get('timezone');
    try {
      if (typeof text !== 'string')
        throw new CommandError(241, `$dateFromString requires that 'dateString' be a string`);
      return parseDate(text, { zone: typeof zone === 'string' ? zone : 'UTC', code: 241 });
    } catch (error) {
      if (!args.has('onError') || !(error instanceof CommandError)) throw error;
      return args.get('onError');
    }
  },
);

const dateToParts = withFields(
  '$dateToParts',
  { required: ['date'], optional: ['timezone', 'iso8601'], code: 40524 },
  (args) => {
    const date = args.get('date');
    const zone = args.zone();
    if (nullish(date) || !zone) return null;
    const local = new Date(toLocal(millisOf(date), zone));
    const day: Doc =
      args.get('iso8601') === true
        ? { isoWeekYear: isoWeekYear(local), isoWeek: isoWeek(local), isoDayOfWeek: isoWeekday(local) }
        : { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() };
    return {
      ...day,
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
      second: local.getUTCSeconds(),
      millisecond: local.getUTCMilliseconds(),
    };
  },
);

const PARTS = [
  'year',
  'month',
  'day',
  'isoWeekYear',
  'isoWeek',
  'isoDayOfWeek',
  'hour',
  'minute',
  'second',
  'millisecond',
];

function wholePart(args: Arguments, name: string, otherwise: number): number | null {
  if (!args.has(name)) return otherwise;
  const value = args.get(name);
  if (nullish(value)) return null;
  const whole = isNum(value) ? toWhole(value) : null;
  if (whole === null) throw new CommandError(40515, `'${name}' must evaluate to an integer, found ${typeName(value)}`);
  return Number(whole);
}

const dateFromParts = withFields(
  '$dateFromParts',
  { required: [], optional: [...PARTS, 'timezone'], code: 40518 },
  (args) => {
    const iso = args.has('isoWeekYear');
    if (!iso && !args.has('year'))
      throw new CommandError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear'");
    const read = (names: readonly string[], otherwise: number) => names.map((name) => wholePart(args, name, otherwise));
    const [year, second, third] = read(iso ? ['isoWeekYear', 'isoWeek', 'isoDayOfWeek'] : ['year', 'month', 'day'], 1);
    const [hours, minutes, seconds, millis] = read(['hour', 'minute', 'second', 'millisecond'], 0);
    const zone = args.zone();
    const numbers = [year, second, third, hours, minutes, seconds, millis].filter((value) => typeof value === 'number');
    const [y = 0, m = 0, d = 0, h = 0, min = 0, s = 0, ms = 0] = numbers;
    if (!zone || numbers.length < 7) return null;
    const day = iso ? ofIsoWeek(y, m, d) : Date.UTC(y, m - 1, d);
    return new Date(toUtc(day + h * 3_600_000 + min * 60_000 + s * 1000 + ms, zone));
  },
);

export const DATE_FORMS: Readonly<Record<string, Form>> = {
  $year: part((local) => local.getUTCFullYear()),
  $month: part((local) => local.getUTCMonth() + 1),
  $dayOfMonth: part((local) => local.getUTCDate()),
  $dayOfWeek: part((local) => local.getUTCDay() + 1),
  $dayOfYear: part(dayOfYear),
  $hour: part((local) => local.getUTCHours()),
  $minute: part((local) => local.getUTCMinutes()),
  $second: part((local) => local.getUTCSeconds()),
  $millisecond: part((local) => local.getUTCMilliseconds()),
  $week: part(week),
  $isoWeek: part(isoWeek),
  $isoDayOfWeek: part(isoWeekday),
  $isoWeekYear: part((local) => BigInt(isoWeekYear(local))),
  $dateToString: dateToString,
  $dateFromString: dateFromString,
  $dateToParts: dateToParts,
  $dateFromParts: dateFromParts,
};

/** The local midnight of a local time, in days. */
export const dayNumber = (local: number): number => Math.floor(local / DAY);
