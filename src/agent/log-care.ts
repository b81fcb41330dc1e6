import { makeBell } from "../base/bell.ts";
import type { Clock, MonoMs } from "../base/clock.ts";
import { type Gate, makeGate } from "../base/gate.ts";
import type { Log } from "../base/log.ts";
import {
  areSettled,
  judgeLog,
  type LogLimits,
  type LogWork,
  noteLookedAtAll,
  noteSpace,
  type SpaceWatch,
  spaceBeatMs,
} from "../decide/log-rotation.ts";
import type { LogKeeping } from "../pod/log-keeping.ts";
import type { PodFiles, Runtime } from "../ports.ts";
import type { Round } from "./loop.ts";
import type { Roster } from "./roster.ts";

/**
 * Rotates the logs of running containers (cri-mapping 4.4).
 *
 * L1  A log is looked at again by the time at which it may have reached its limit, and every interval.
 * L2  When space goes faster than that explains, all logs are looked at.
 * L3  One rotation of a log ends before another one begins; a runtime that hangs holds up only that log.
 * L4  A failed rotation is tried again at the next interval; so is a log that is missing.
 * L5  While none is written and nothing is to be done, none is looked at but once a minute: the kernel tells of the first
 *     write, the roster of a container that begins. Where the kernel cannot, L1 and L2 hold all the time.
 */
export type LogCare = {
  readonly run: Round;
  readonly beatWithinMs: number;
  /** Containers may have begun or ended. */
  stir(): void;
};

/** Signs of life while all logs rest. */
const REST_BEAT_MS = 10_000;
/** In so many of them all logs are looked at, should the kernel have lost its word. */
const LOOK_EVERY = 6;

/** One running container's log. */
type Kept = { -readonly [part in keyof LogWork]: LogWork[part] } & {
  readonly path: string;
  due: MonoMs;
  /** There is something to compress. */
  stale: boolean;
};

/** The care of logs, not begun. */
export function makeLogCare(tools: {
  readonly keeping: LogKeeping;
  readonly limits: LogLimits;
  readonly runtime: Pick<Runtime, "reopenLog">;
  readonly roster: Pick<Roster, "all">;
  readonly files: Pick<PodFiles, "logPath">;
  readonly clock: Clock;
  readonly log: Log;
}): LogCare {
  const { keeping, limits, clock, log } = tools;
  const gate: Gate = makeGate(limits.workers);
  /** @bound Running containers. */
  const logs = new Map<string, Kept>();
  /** @bound Logs that are being rotated: at most all of them. */
  const flights = new Set<Promise<void>>();
  let watch: SpaceWatch = { freeBytes: 0, lookedMonoMs: Number.NEGATIVE_INFINITY, quietMs: 0 };

  const bell = makeBell(clock);
  let stirs = 0;
  const stir = (): void => {
    stirs += 1;
    bell.ring();
  };

  const refresh = (): void => {
    const running = new Set<string>();
    const due = clock.now().monoMs;
    for (const worker of tools.roster.all()) {
      const { pod, observed } = worker.show();
      for (const { id, name, attempt, state } of observed.containers) {
        if (state !== "running") continue;
        running.add(id);
        if (logs.has(id)) continue;
        const path = tools.files.logPath(pod, name, attempt);
        logs.set(id, { path, due, failedUntil: 0, busy: false, compressing: false, stale: false });
      }
    }
    for (const id of logs.keys()) if (!running.has(id)) logs.delete(id);
  };
  const begin = (work: Promise<void>): void => {
    const flight = work.finally(() => flights.delete(flight));
    flights.add(flight);
  };
  /** Has the runtime open the log again, once it was renamed or because it is missing. */
  const renew = async (id: string, kept: Kept, missing: boolean, signal: AbortSignal): Promise<void> => {
    const reopen = (): Promise<void> => tools.runtime.reopenLog(id, signal);
    kept.busy = true;
    kept.due = clock.now().monoMs + limits.intervalMs;
    try {
      await (missing ? reopen() : keeping.rotate(kept.path, limits.maxFiles, reopen));
      const now = clock.now().monoMs;
      // One that is missing though it was opened again must not be asked for again and again.
      Object.assign(kept, { look: { bytes: 0, atMonoMs: now }, due: missing ? kept.due : now });
    } catch (error) {
      kept.failedUntil = kept.due;
      if (!signal.aborted) log.warn("the log of a container could not be rotated", { path: kept.path, error });
      return;
    } finally {
      kept.busy = false;
    }
    await compress(kept, signal);
  };
  const compress = async (kept: Kept, signal: AbortSignal): Promise<void> => {
    kept.stale = true;
    if (kept.compressing) return;
    kept.compressing = true;
    while (kept.stale && !signal.aborted) {
      kept.stale = false;
      await compressOnce(kept.path, signal);
    }
    kept.compressing = false;
  };
  const compressOnce = async (path: string, signal: AbortSignal): Promise<void> => {
    const leave = await gate.enter(0, signal);
    try {
      if (leave !== undefined) await keeping.compress(path, signal);
    } catch (error) {
      if (!signal.aborted) log.warn("the rotated logs of a container could not be compressed", { path, error });
    } finally {
      leave?.();
    }
  };
  /** Answers by how much it had grown. */
  const lookAt = async (id: string, kept: Kept, signal: AbortSignal): Promise<number> => {
    const bytes = await keeping.size(kept.path);
    if (bytes === undefined) {
      begin(renew(id, kept, true, signal));
      return 0;
    }
    const look = { bytes, atMonoMs: clock.now().monoMs };
    const verdict = judgeLog(kept.look, look, limits);
    const grownBytes = Math.max(0, bytes - (kept.look?.bytes ?? 0));
    kept.look = look;
    if (verdict.kind === "rotate") begin(renew(id, kept, false, signal));
    else kept.due = look.atMonoMs + verdict.pauseMs;
    return grownBytes;
  };
  const round = async (all: boolean, signal: AbortSignal): Promise<number> => {
    if (all) refresh();
    const { monoMs } = clock.now();
    let grownBytes = 0;
    for (const [id, kept] of logs) {
      if (signal.aborted || kept.busy || (all ? kept.failedUntil : kept.due) > monoMs) continue;
      grownBytes += await lookAt(id, kept, signal);
    }
    return grownBytes;
  };
  /** Of all logs, the largest and the time at which the first is to be looked at. */
  const survey = (): { readonly largestBytes: number; readonly due: MonoMs } => {
    let largestBytes = 0;
    let due = Number.POSITIVE_INFINITY;
    for (const kept of logs.values()) {
      largestBytes = Math.max(largestBytes, kept.look?.bytes ?? 0);
      if (!kept.busy) due = Math.min(due, kept.due);
    }
    return { largestBytes, due };
  };
  const isCalm = (): boolean => areSettled(logs.values(), clock.now().monoMs);
  /** L5. Ends with the first stir since the count, or when there is something to do. */
  const rest = async (seen: number, signal: AbortSignal, beat: () => void): Promise<void> => {
    const paths = [...logs.values()].map(({ path }) => path);
    const unwatch = keeping.watch(paths, stir);
    if (unwatch === undefined) return;
    try {
      for (let beats = 0; !signal.aborted && stirs === seen; beats += 1) {
        // The first look is for what was written before the watch stood.
        if (beats % LOOK_EVERY === 0 && ((await round(true, signal)) > 0 || !isCalm())) return;
        // A disk that hangs ends the beats, as it does while logs are written.
        await keeping.freeBytes().catch(() => 0);
        beat();
        if (stirs === seen) await bell.wait(clock.now().monoMs + REST_BEAT_MS, signal);
      }
    } finally {
      unwatch();
      watch = { freeBytes: 0, lookedMonoMs: clock.now().monoMs, quietMs: 0 };
    }
  };

  return {
    stir,
    beatWithinMs: 60_000,
    async run(signal, beat) {
      while (!signal.aborted) {
        const seen = stirs;
        const now = { freeBytes: await keeping.freeBytes().catch(() => 0), monoMs: clock.now().monoMs };
        const noted = noteSpace(watch, now, limits);
        const all = noted.alarm || now.monoMs - watch.lookedMonoMs >= limits.intervalMs;
        const grownBytes = all || survey().due <= now.monoMs ? await round(all, signal) : 0;
        watch = all ? noteLookedAtAll(noted.watch, now, noted.alarm ? grownBytes : undefined) : noted.watch;
        beat();
        if (all && !noted.alarm && grownBytes === 0 && isCalm()) await rest(seen, signal, beat);
        const { largestBytes, due } = survey();
        await clock.sleep(Math.max(1, Math.min(spaceBeatMs(limits, largestBytes), due - clock.now().monoMs)), signal);
      }
      await Promise.all(flights);
    },
  };
}
