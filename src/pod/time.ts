import type { WallMs } from "../base/clock.ts";

/** Wall times as API objects carry them: RFC 3339 in UTC, by arithmetic on the proleptic Gregorian calendar. */

const MS_PER_DAY = 86_400_000;
const DAYS_PER_ERA = 146_097;
/** Days from 0000-03-01, where the leap day ends each year, to 1970-01-01. */
const DAYS_BEFORE_EPOCH = 719_468;
const LATEST_MS = 253_402_300_799_999;

/** `2026-01-02T03:04:05Z`: whole seconds, the rest is dropped, as in metav1.Time. Clamped to the years 0 to 9999. */
export const formatTime = (wallMs: WallMs): string => `${dateAndSecond(wallMs)}Z`;

/** `2026-01-02T03:04:05.678000000Z`: nine digits behind the point, as kubernetes.io/config.seen has them. */
export const formatNanoTime = (wallMs: WallMs): string => `${dateAndSecond(wallMs)}.${fraction(wallMs)}000000Z`;

/** `2026-01-02T03:04:05.678000Z`: as metav1.MicroTime. */
export const formatMicroTime = (wallMs: WallMs): string => `${dateAndSecond(wallMs)}.${fraction(wallMs)}000Z`;

/** Milliseconds since the epoch; finer digits are dropped. Undefined when the text is not an RFC 3339 time. */
export function parseTime(text: string): WallMs | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const millis = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const offset = offsetMs(match[8] ?? "Z");
  if (offset === undefined) return undefined;
  return daysSinceEpoch(year, month, day) * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + millis - offset;
}

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

function offsetMs(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** The last few texts: a pod's status names the same moments in every plan. */
const recent = new Map<number, string>();
const MOST_RECENT = 256;

function dateAndSecond(wallMs: WallMs): string {
  const second = Math.floor(clamp(wallMs) / 1000);
  const known = recent.get(second);
  if (known !== undefined) return known;
  if (recent.size === MOST_RECENT) recent.clear();
  const text = textOf(second * 1000);
  recent.set(second, text);
  return text;
}

function textOf(clamped: number): string {
  const days = Math.floor(clamped / MS_PER_DAY);
  const seconds = Math.floor((clamped - days * MS_PER_DAY) / 1000);
  const { year, month, day } = dateOf(days);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${clock}`;
}

const fraction = (wallMs: WallMs): string => String(((clamp(wallMs) % 1000) + 1000) % 1000).padStart(3, "0");
const two = (value: number): string => String(value).padStart(2, "0");
const clamp = (wallMs: WallMs): number =>
  Math.floor(Math.min(Math.max(wallMs, -DAYS_BEFORE_EPOCH * MS_PER_DAY), LATEST_MS));

/** The date that so many days after 1970-01-01 fall on; years are counted from March so that leap days come last. */
function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + DAYS_BEFORE_EPOCH;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * march + 2) / 5) + 1,
  };
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  const counted = month <= 2 ? year - 1 : year;
  const era = Math.floor(counted / 400);
  const yearOfEra = counted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - DAYS_BEFORE_EPOCH;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
