/** Lengths of time as people read them: Go's form in messages, kubectl's in columns. */

const NANOS_PER_SECOND = 1_000_000_000n;

/** Go's form: `0s`, `1.5s`, `1m20s`, `5m0s`, `1h0m0s`, `150ms`, `2.5µs`. Rounded to whole nanoseconds. */
export function goDuration(durationMs: number): string {
  const nanos = BigInt(Math.round(durationMs * 1_000_000));
  if (nanos === 0n) return "0s";
  if (nanos < 0n) return `-${positive(-nanos)}`;
  return positive(nanos);
}

function positive(nanos: bigint): string {
  if (nanos < 1_000n) return `${nanos}ns`;
  if (nanos < 1_000_000n) return `${decimal(nanos, 1_000n)}µs`;
  if (nanos < NANOS_PER_SECOND) return `${decimal(nanos, 1_000_000n)}ms`;
  const minutes = nanos / (60n * NANOS_PER_SECOND);
  const seconds = `${decimal(nanos % (60n * NANOS_PER_SECOND), NANOS_PER_SECOND)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** value / unit without trailing zeros; unit is a power of ten. */
function decimal(value: bigint, unit: bigint): string {
  const fraction = String(value % unit)
    .padStart(String(unit).length - 1, "0")
    .replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}

/** Go's form of whole milliseconds, as times of image pulls are told. */
export const goDurationOfMillis = (durationMs: number): string => goDuration(Math.trunc(durationMs));

/** kubectl's form for ages: `5s`, `3m10s`, `12m`, `2h30m`, `9h`, `4d3h`, `12d`, `2y30d`, `9y`. Less than nothing is `<invalid>`. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
