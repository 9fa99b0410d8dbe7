/** Dates from text and to text. */
import { CommandError } from '../errors.js';
import { toUtc, zoneOf } from './time-zone.js';
import type { Zone } from './time-zone.js';
import { dayOfYear, isoWeek, isoWeekYear, isoWeekday, week } from './calendar.js';

const DATE =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/;

/** Reads ISO 8601 and its variant with a blank. Throws `code` for anything else. */
export function parseDate(text: string, { zone, code }: { zone: string; code: number }): Date {
  const match = DATE.exec(text);
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', offset] = match ?? [];
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const isReal = new Date(local).getUTCDate() === Number(day) && Number(hour) < 24 && Number(minute) < 60;
  if (!match || !isReal) throw new CommandError(code, `Error parsing date string '${text}'`);
  return new Date(toUtc(local, zoneOf(offset?.toUpperCase() ?? zone)) + Number(fraction.padEnd(3, '0')));
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

function offsetText(zone: Zone, utc: number): string {
  const minutes = Math.round(zone.offsetAt(utc) / 60_000);
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${pad(size % 60, 2)}`;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

const SPECIFIERS: Readonly<Record<string, (local: Date, moment: { utc: number; zone: Zone }) => string>> = {
  Y: (local) => pad(local.getUTCFullYear(), 4),
  m: (local) => pad(local.getUTCMonth() + 1, 2),
  d: (local) => pad(local.getUTCDate(), 2),
  H: (local) => pad(local.getUTCHours(), 2),
  M: (local) => pad(local.getUTCMinutes(), 2),
  S: (local) => pad(local.getUTCSeconds(), 2),
  L: (local) => pad(local.getUTCMilliseconds(), 3),
  j: (local) => pad(dayOfYear(local), 3),
  w: (local) => String(local.getUTCDay() + 1),
  u: (local) => String(isoWeekday(local)),
  U: (local) => pad(week(local), 2),
  V: (local) => pad(isoWeek(local), 2),
  G: (local) => pad(isoWeekYear(local), 4),
  b: (local) => (MONTHS[local.getUTCMonth()] ?? '').slice(0, 3),
  B: (local) => MONTHS[local.getUTCMonth()] ?? '',
  z: (_local, { utc, zone }) => offsetText(zone, utc),
  Z: (_local, { utc, zone }) => String(Math.round(zone.offsetAt(utc) / 60_000)).replace(/^(?!-)/, '+'),
  '%': () => '%',
};

/** Writes a moment by a format. Throws 18536 for an unknown specifier. */
export function formatDate(utc: number, zone: Zone, format: string): string {
  const local = new Date(utc + zone.offsetAt(utc));
  return format.replace(/%([^]?)/g, (_whole, letter: string) => {
    const specifier = Object.hasOwn(SPECIFIERS, letter) ? SPECIFIERS[letter] : undefined;
    if (!specifier) throw new CommandError(18536, `Invalid format character '%${letter}' in format string`);
    return specifier(local, { utc, zone });
  });
}
