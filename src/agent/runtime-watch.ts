import { type Bell, makeBell } from "../base/bell.ts";
import type { Clock, MonoMs } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Meter } from "../pod/metrics.ts";
import type { Sighting } from "../pod/observed.ts";
import type { Runtime } from "../ports.ts";
import type { Round } from "./loop.ts";

/**
 * Brings the runtime's news: its event stream where it has one, and whole lists as the safety net (D6).
 *
 * R1  The stream is never paused: each piece of news is handed over before the next is asked for, without a wait.
 * R2  Each time the stream opens, a list begins after it; a second one soon after catches what fell between the two.
 * R3  Lists are rare while a stream is open that tells everything, and frequent otherwise (`ListPace`).
 * R4  A list that fails changes nothing; it is tried again, ever more slowly, and at once after a reconnect.
 */
export type RuntimeWatch = {
  /** Lists until the signal; beats after each list, whether it was read or not. */
  readonly list: Round;
  /** Longer than any list takes, whatever the runtime does, and the pause after it. */
  readonly beatWithinMs: number;
  /** Follows the stream until the signal. */
  follow(signal: AbortSignal): Promise<void>;
};

/**
 * How often the runtime is listed whole, in milliseconds: `relistPeriod` and `relistPeriodWithoutEvents`. A stream whose
 * events another listener may take (containerd 1.7) still shortens the wait, but is not relied upon.
 */
export type ListPace = { readonly withStreamMs: number; readonly withoutStreamMs: number };

/** The usual pace. */
export const LIST_PACE: ListPace = { withStreamMs: 60_000, withoutStreamMs: 1000 };

/** One whole list of the runtime. */
export type WholeList = { readonly begunMonoMs: MonoMs; readonly sightings: readonly Sighting[] };

/** How soon a stream that ended is asked for again. */
const REOPEN_MS = 1000;
const AFTER_OPENING_MS = 2000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5000;
/** The runtime's own deadlines end a list sooner. */
const LONGEST_LIST_MS = 600_000;

/** A watch that has not begun; `see` takes news of one pod, `seeAll` a whole list. */
export function makeRuntimeWatch(tools: {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly pace: ListPace;
  see(news: Sighting): void;
  seeAll(list: WholeList): void;
}): RuntimeWatch {
  const { runtime, clock, log, meter, pace } = tools;
  const listBell: Bell = makeBell(clock);
  const streamBell: Bell = makeBell(clock);
  let streaming = false;
  let justOpened = false;
  let failures = 0;
  let listedMonoMs: MonoMs | undefined;

  const pauseMs = (): number => {
    if (failures > 0) return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    if (!streaming || runtime.capabilities()?.sharedEvents === true) return pace.withoutStreamMs;
    return justOpened ? AFTER_OPENING_MS : pace.withStreamMs;
  };
  const listOnce = async (signal: AbortSignal): Promise<void> => {
    const begunMonoMs = clock.now().monoMs;
    try {
      const sightings = await runtime.list(signal);
      meter.observe("kubelet_pleg_relist_duration_seconds", {}, (clock.now().monoMs - begunMonoMs) / 1000);
      if (listedMonoMs !== undefined) {
        meter.observe("kubelet_pleg_relist_interval_seconds", {}, (begunMonoMs - listedMonoMs) / 1000);
      }
      listedMonoMs = begunMonoMs;
      meter.set("kubelet_pleg_last_seen_seconds", {}, clock.now().wallMs / 1000);
      if (failures > 0) log.info("the runtime's list can be read again");
      failures = 0;
      tools.seeAll({ begunMonoMs, sightings });
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      if (failures === 1) log.warn("the runtime's list cannot be read; what is known of pods stays", { error });
    }
  };
  const followOnce = async (stream: AsyncIterable<Sighting>, signal: AbortSignal): Promise<void> => {
    try {
      streaming = true;
      justOpened = true;
      listBell.ring();
      for await (const news of stream) tools.see(news);
    } catch (error) {
      if (!signal.aborted) log.debug("the runtime's event stream ended", { error });
    } finally {
      streaming = false;
      listBell.ring();
    }
  };

  /** Where the runtime is known to have no stream, only a reconnect, perhaps to a newer runtime, can bring one. */
  const hasNone = (): boolean => runtime.capabilities()?.events === false;

  return {
    beatWithinMs: 3 * pace.withStreamMs + LONGEST_LIST_MS,
    async list(signal, beat) {
      const stop = runtime.onReconnect(() => listBell.ring());
      try {
        while (!signal.aborted) {
          await listOnce(signal);
          beat();
          const end = await listBell.wait(clock.now().monoMs + pauseMs(), signal);
          if (end === "due") justOpened = false;
        }
      } finally {
        stop();
      }
    },
    async follow(signal) {
      const stop = runtime.onReconnect(() => streamBell.ring());
      try {
        while (!signal.aborted) {
          const stream = runtime.events(signal);
          if (stream !== undefined) await followOnce(stream, signal);
          await streamBell.wait(hasNone() ? undefined : clock.now().monoMs + REOPEN_MS, signal);
        }
      } finally {
        stop();
      }
    },
  };
}
