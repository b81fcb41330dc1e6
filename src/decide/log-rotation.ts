import type { MonoMs } from "../base/clock.ts";

/** When logs are rotated (cri-mapping 4.4). */
export type LogLimits = {
  /** containerLogMaxSize. */
  readonly maxBytes: number;
  /** containerLogMaxFiles. */
  readonly maxFiles: number;
  /** containerLogMonitorInterval: no log is looked at less often. */
  readonly intervalMs: number;
  /** containerLogMaxWorkers: logs that are compressed at the same time. */
  readonly workers: number;
};

/** What one look at a log showed. */
export type LogLook = { readonly bytes: number; readonly atMonoMs: MonoMs };

/** How soon a log may be looked at again. */
const SHORTEST_PAUSE_MS = 50;
/** A writer that a log must hold out against: it stays within twice its limit. */
const FAST_BYTES_PER_MS = (50 * 1024 * 1024) / 1000;

/** Whether the log has grown too large, and otherwise when it may have by, if it goes on as it does. */
export function judgeLog(
  before: LogLook | undefined,
  now: LogLook,
  { maxBytes, intervalMs }: Pick<LogLimits, "maxBytes" | "intervalMs">,
): { readonly kind: "rotate" } | { readonly kind: "wait"; readonly pauseMs: number } {
  if (now.bytes >= maxBytes) return { kind: "rotate" };
  const grownBytes = before === undefined ? 0 : Math.max(0, now.bytes - before.bytes);
  const bytesPerMs = before === undefined ? 0 : grownBytes / Math.max(1, now.atMonoMs - before.atMonoMs);
  const pauseMs = bytesPerMs === 0 ? intervalMs : (maxBytes - now.bytes) / bytesPerMs;
  return { kind: "wait", pauseMs: Math.min(Math.max(pauseMs, SHORTEST_PAUSE_MS), intervalMs) };
}

/** How far the care of one log is. */
export type LogWork = {
  /** The newest. */
  readonly look?: LogLook;
  /** The runtime is asked to open it again. */
  readonly busy: boolean;
  readonly compressing: boolean;
  /** Not before, though all logs are looked at: it could not be opened again. */
  readonly failedUntil: MonoMs;
};

/** Whether nothing is to be done about any of these logs until one is written. */
export const areSettled = (logs: Iterable<LogWork>, monoMs: MonoMs): boolean =>
  [...logs].every(
    ({ look, busy, compressing, failedUntil }) => look !== undefined && !busy && !compressing && failedUntil <= monoMs,
  );

/**
 * What the free space where the logs are says of all of them at once: one cheap question in place of one for each log, for
 * a log that was quiet may be written at full speed the next moment.
 */
export type SpaceWatch = {
  /** The most that was free since all logs were last looked at. */
  readonly freeBytes: number;
  readonly lookedMonoMs: MonoMs;
  /** All logs are not looked at again for so long: what took the space lately was none of them. */
  readonly quietMs: number;
};

/** Longest time for which other writers to the same disk make the watch deaf. */
const LONGEST_QUIET_MS = 2000;

/**
 * How often the free space is asked for: twice while the fast writer takes the largest log from where it stands to twice
 * its limit, but not more than 10 times a second.
 */
export const spaceBeatMs = ({ maxBytes }: Pick<LogLimits, "maxBytes">, largestBytes: number): number =>
  Math.min(Math.max((2 * maxBytes - largestBytes) / FAST_BYTES_PER_MS / 2, 100), 1000);

/** Notes what is free now; `alarm` when all logs are to be looked at. */
export function noteSpace(
  watch: SpaceWatch,
  now: { readonly freeBytes: number; readonly monoMs: MonoMs },
  { maxBytes }: Pick<LogLimits, "maxBytes">,
): { readonly watch: SpaceWatch; readonly alarm: boolean } {
  const freeBytes = Math.max(watch.freeBytes, now.freeBytes);
  const alarm = freeBytes - now.freeBytes >= maxBytes / 4 && now.monoMs - watch.lookedMonoMs >= watch.quietMs;
  return { watch: { ...watch, freeBytes }, alarm };
}

/** All logs were looked at; after an alarm it is told by how much they had grown: no half of what went makes the watch quieter. */
export function noteLookedAtAll(
  watch: SpaceWatch,
  now: { readonly freeBytes: number; readonly monoMs: MonoMs },
  grownBytes: number | undefined,
): SpaceWatch {
  const guilty = grownBytes === undefined || grownBytes * 2 >= watch.freeBytes - now.freeBytes;
  const quietMs = guilty ? 0 : Math.min(Math.max(watch.quietMs * 2, 100), LONGEST_QUIET_MS);
  return { freeBytes: now.freeBytes, lookedMonoMs: now.monoMs, quietMs };
}
