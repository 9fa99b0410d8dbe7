/** Time zones: names of the Olson database and offsets from UTC. Local time is kept as the milliseconds UTC would have. */
import { CommandError } from '../errors.js';

export interface Zone {
  /** What is added to UTC at this moment, in milliseconds. */
  readonly offsetAt: (utc: number) => number;
  readonly isUtc: boolean;
}

const MINUTE = 60_000;
const UTC: Zone = { offsetAt: () => 0, isUtc: true };
const OFFSET = /^([+-])(\d{2})(?::?(\d{2}))?$/;
const zones = new Map<string, Zone>([
  ['UTC', UTC],
  ['GMT', UTC],
  ['Z', UTC],
]);

function byName(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (utc: number): number => {
    const parts = new Map(format.formatToParts(utc).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return local - Math.floor(utc / 1000) * 1000;
  };
  return { offsetAt, isUtc: false };
}

function read(name: string): Zone {
  const offset = OFFSET.exec(name);
  if (offset) {
    const [, sign, hours, minutes = '0'] = offset;
    const millis = (Number(hours) * 60 + Number(minutes)) * MINUTE * (sign === '-' ? -1 : 1);
    return { offsetAt: () => millis, isUtc: millis === 0 };
  }
  try {
    return byName(name);
  } catch {
    throw new CommandError(40485, `unrecognized time zone identifier: "${name}"`);
  }
}

/** The zone of a name or offset. Throws 40485 if there is none. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name) ?? read(name);
  if (zones.size < 500) zones.set(name, known);
  return known;
}

/** Local time of a moment. */
export function toLocal(utc: number, zone: Zone): number {
  return utc + zone.offsetAt(utc);
}

/** The moment of a local time; where clocks go back, the first of the two. */
export function toUtc(local: number, zone: Zone): number {
  const guess = local - zone.offsetAt(local);
  return local - zone.offsetAt(guess);
}
