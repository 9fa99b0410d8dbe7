/** Date arithmetic by units: $dateAdd, $dateSubtract, $dateDiff, $dateTrunc. */
import { CommandError } from '../errors.js';
import { isNum, typeName } from '../bson/value.js';
import type { Maybe } from '../bson/value.js';
import { toWhole } from '../bson/numbers.js';
import { addMonths, DAY, monthNumber } from './calendar.js';
import { dayNumber, millisOf, withFields } from './dates.js';
import type { Arguments } from './dates.js';
import { nullish } from './operator.js';
import type { Form } from './operator.js';
import { toLocal, toUtc } from './time-zone.js';
import type { Zone } from './time-zone.js';

const MONTHS: Readonly<Record<string, number>> = { year: 12, quarter: 3, month: 1 };
const DAYS: Readonly<Record<string, number>> = { week: 7, day: 1 };
const MILLIS: Readonly<Record<string, number>> = { hour: 3_600_000, minute: 60_000, second: 1000, millisecond: 1 };
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

interface Unit {
  readonly name: string;
  /** How many months, days or milliseconds it has. */
  readonly months: number;
  readonly days: number;
  readonly millis: number;
}

function unitOf(value: Maybe, code: number): Unit | null {
  if (nullish(value)) return null;
  if (typeof value !== 'string') throw new CommandError(code, `'unit' must be a string, but is ${typeName(value)}`);
  const unit = { name: value, months: MONTHS[value] ?? 0, days: DAYS[value] ?? 0, millis: MILLIS[value] ?? 0 };
  if (!unit.months && !unit.days && !unit.millis) throw new CommandError(9, `unknown time unit value: ${value}`);
  return unit;
}

function wholeOf(value: Maybe, what: string, code: number): number | null {
  if (nullish(value)) return null;
  const whole = isNum(value) ? toWhole(value) : null;
  if (whole === null) throw new CommandError(code, `${what} must be a whole number, but is ${typeName(value)}`);
  return Number(whole);
}

/** 0 for Sunday to 6 for Saturday; null if the argument is null. */
function weekStart(args: Arguments, code: number): number | null {
  if (!args.has('startOfWeek')) return 0;
  const value = args.get('startOfWeek');
  if (nullish(value)) return null;
  if (typeof value !== 'string')
    throw new CommandError(code, `'startOfWeek' must be a string, but is ${typeName(value)}`);
  const day = WEEKDAYS.findIndex((name) => name === value.toLowerCase() || name.slice(0, 3) === value.toLowerCase());
  if (day < 0) throw new CommandError(9, `unknown day of week value: ${value}`);
  return day;
}

function shifted(utc: number, zone: Zone, unit: Unit, amount: number): Date {
  if (unit.millis) return new Date(utc + amount * unit.millis);
  const local = toLocal(utc, zone);
  return new Date(toUtc(unit.months ? addMonths(local, amount * unit.months) : local + amount * unit.days * DAY, zone));
}

function adding(name: string, sign: 1 | -1): Form {
  const fields = { required: ['startDate', 'unit', 'amount'], optional: ['timezone'], code: 5166401 };
  return withFields(name, fields, (args) => {
    const start = args.get('startDate');
    const unit = unitOf(args.get('unit'), 5166402);
    const amount = wholeOf(args.get('amount'), "'amount'", 5166405);
    const zone = args.zone();
    if (nullish(start) || !unit || amount === null || !zone) return null;
    const result = shifted(millisOf(start, 5166403), zone, unit, amount * sign);
    if (Number.isNaN(result.getTime())) throw new CommandError(5166406, `${name} overflowed`);
    return result;
  });
}

/** The number of the unit that a local time lies in, on a scale without gaps. */
function unitNumber(local: number, unit: Unit, weekStartsOn: number): number {
  if (unit.months) return Math.floor(monthNumber(local) / unit.months);
  if (unit.name === 'week') return Math.floor((dayNumber(local) + 4 - weekStartsOn) / 7);
  return Math.floor(local / (unit.days ? DAY : unit.millis));
}

const dateDiff = withFields(
  '$dateDiff',
  { required: ['startDate', 'endDate', 'unit'], optional: ['timezone', 'startOfWeek'], code: 5166302 },
  (args) => {
    const [start, end] = [args.get('startDate'), args.get('endDate')];
    const unit = unitOf(args.get('unit'), 5439013);
    const first = unit?.name === 'week' ? weekStart(args, 5439015) : 0;
    const zone = args.zone();
    if (nullish(start) || nullish(end) || !unit || first === null || !zone) return null;
    const at = (value: Maybe): number => unitNumber(toLocal(millisOf(value, 5166307), zone), unit, first);
    return BigInt(at(end) - at(start));
  },
);

/** 1 January 2000, from which bins are counted. */
const REFERENCE = Date.UTC(2000, 0, 1);
const REFERENCE_WEEKDAY = 6;

interface Bin {
  readonly unit: Unit;
  readonly size: number;
  readonly weekStartsOn: number;
  readonly zone: Zone;
}

const floorTo = (value: number, step: number): number => Math.floor(value / step) * step;

function truncated(utc: number, { unit, size, weekStartsOn, zone }: Bin): number {
  if (unit.millis) {
    const reference = toUtc(REFERENCE, zone);
    return reference + floorTo(utc - reference, size * unit.millis);
  }
  const local = toLocal(utc, zone);
  if (unit.months) {
    const months = floorTo(monthNumber(local) - monthNumber(REFERENCE), size * unit.months);
    return toUtc(addMonths(REFERENCE, months), zone);
  }
  const lead = unit.name === 'week' ? (weekStartsOn - REFERENCE_WEEKDAY + 7) % 7 : 0;
  const reference = REFERENCE + lead * DAY;
  return toUtc(reference + floorTo(local - reference, size * unit.days * DAY), zone);
}

const dateTrunc = withFields(
  '$dateTrunc',
  { required: ['date', 'unit'], optional: ['binSize', 'timezone', 'startOfWeek'], code: 5439007 },
  (args) => {
    const date = args.get('date');
    const unit = unitOf(args.get('unit'), 5439013);
    const size = args.has('binSize') ? wholeOf(args.get('binSize'), "'binSize'", 5439017) : 1;
    const weekStartsOn = unit?.name === 'week' ? weekStart(args, 5439015) : 0;
    const zone = args.zone();
    if (nullish(date) || !unit || size === null || weekStartsOn === null || !zone) return null;
    if (size < 1) throw new CommandError(5439018, "'binSize' must be above zero");
    return new Date(truncated(millisOf(date, 5439012), { unit, size, weekStartsOn, zone }));
  },
);

export const DATE_UNIT_FORMS: Readonly<Record<string, Form>> = {
  $dateAdd: adding('$dateAdd', 1),
  $dateSubtract: adding('$dateSubtract', -1),
  $dateDiff: dateDiff,
  $dateTrunc: dateTrunc,
};
