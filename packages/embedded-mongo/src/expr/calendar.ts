/** Calendar arithmetic on local time, which is held in dates that are read as UTC. */
export const DAY = 86_400_000;

/** 1 to 366. */
export function dayOfYear(local: Date): number {
  return Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / DAY) + 1;
}

/** 1 for Monday to 7 for Sunday. */
export function isoWeekday(local: Date): number {
  return local.getUTCDay() || 7;
}

/** 0 to 53: weeks begin on Sunday, the first at the first Sunday of the year. */
export function week(local: Date): number {
  return Math.floor((dayOfYear(local) + 6 - local.getUTCDay()) / 7);
}

const thursdayOf = (local: Date): Date => new Date(local.getTime() + (4 - isoWeekday(local)) * DAY);

/** The year that the ISO week of the day belongs to. */
export function isoWeekYear(local: Date): number {
  return thursdayOf(local).getUTCFullYear();
}

/** 1 to 53, by ISO 8601. */
export function isoWeek(local: Date): number {
  return Math.ceil(dayOfYear(thursdayOf(local)) / 7);
}

/** The day of an ISO week date, at midnight; the parts may overflow. */
export function ofIsoWeek(year: number, weekOfYear: number, weekday: number): number {
  const fourth = new Date(Date.UTC(year, 0, 4));
  return fourth.getTime() + (weekOfYear * 7 - 7 + weekday - isoWeekday(fourth)) * DAY;
}

/** The same time of day some months later; a day that the month lacks becomes its last. */
export function addMonths(local: number, months: number): number {
  const date = new Date(local);
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), last);
  return first.getTime() + (day - 1) * DAY + (((local % DAY) + DAY) % DAY);
}

/** Months since the year 0. */
export function monthNumber(local: number): number {
  const date = new Date(local);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
