import type { Chance, Clock } from "../base/clock.ts";
import { asBerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { shutdownDelayMs } from "../decide/shutdown.ts";
import type { Meter } from "../pod/metrics.ts";
import type { ShutdownDelay, ShutdownDiary, ShutdownGroup, ShutdownLock, ShutdownTimes } from "../pod/shutdown.ts";
import { backOffMs } from "./back-off.ts";
import type { Round } from "./loop.ts";
import type { Node } from "./node.ts";

/**
 * Holds the lock that delays the host's shutdown, and tells when one begins or is called off.
 *
 * D1  The lock is held whenever no shutdown is under way; while pods end it is held until they have ended.
 * D2  A lock that was lost, or that could not be had, is asked for again, ever more slowly; the reason is told once.
 * D3  An agent that leaves gives it back at once.
 * D4  When it began and ended is shown, and kept for the agent after the reboot; that it cannot be kept delays nothing else.
 */
export function makeShutdownWatch(tools: {
  readonly delay: ShutdownDelay;
  readonly groups: readonly ShutdownGroup[];
  readonly diary: ShutdownDiary;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly node: Pick<Node, "shutDown" | "goOn">;
  /** A shutdown begins, or was called off. */
  tell(goesOn: boolean): void;
}): Round {
  const { delay, clock, chance, diary, log, node } = tools;
  const delayMs = shutdownDelayMs(tools.groups);
  let told = "";
  let failures = 0;

  const tellOnce = (message: string): void => {
    if (message !== told) log.warn(message);
    told = message;
  };
  const endPods = async (lock: ShutdownLock): Promise<void> => {
    const startWallMs = clock.now().wallMs;
    const begun = noteTimes({ startWallMs });
    await node.shutDown();
    await begun;
    await noteTimes({ startWallMs, endWallMs: clock.now().wallMs });
    lock.release();
  };
  const noteTimes = async (times: ShutdownTimes): Promise<void> => {
    showTimes(times, tools.meter);
    try {
      await diary.keep(times);
    } catch (error) {
      log.warn("the times of the host's shutdown cannot be kept", { error });
    }
  };
  const hold = async (lock: ShutdownLock, signal: AbortSignal): Promise<void> => {
    failures = 0;
    const { grantedMs } = lock;
    if (grantedMs !== undefined && grantedMs < delayMs) {
      tellOnce(`the host waits only ${grantedMs / 1000} s at its shutdown, and pods were promised ${delayMs / 1000} s`);
    } else log.info("pods are given time to end when the host shuts down", { seconds: delayMs / 1000 });
    let over: Promise<void> | undefined;
    for await (const preparing of lock.preparing(signal)) {
      if (over === undefined && !preparing) {
        node.goOn();
        continue;
      }
      if (preparing && over !== undefined) continue;
      if (preparing) over = endPods(lock);
      else node.goOn();
      log.info(preparing ? "the host shuts down" : "the shutdown of the host was called off");
      tools.tell(preparing);
      if (!preparing) return; // the lock was given back: another one is needed
    }
    if (!signal.aborted) await over;
  };

  return async (signal) => {
    if (diary.last !== undefined) showTimes(diary.last, tools.meter);
    while (!signal.aborted) {
      let lock: ShutdownLock | undefined;
      try {
        lock = await delay.take(delayMs, signal);
        await hold(lock, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        failures += 1;
        tellOnce(asBerthError(thrown, "pods get no time to end when the host shuts down").message);
      } finally {
        lock?.close();
      }
      await clock.sleep(backOffMs(Math.max(failures, 1), chance), signal);
    }
  };
}

function showTimes({ startWallMs, endWallMs }: ShutdownTimes, meter: Meter): void {
  meter.set("kubelet_graceful_shutdown_start_time_seconds", {}, startWallMs / 1000);
  if (endWallMs !== undefined) meter.set("kubelet_graceful_shutdown_end_time_seconds", {}, endWallMs / 1000);
}
