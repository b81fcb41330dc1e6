import type { Clock, MonoMs } from "./clock.ts";

/** Tells one waiting loop that something changed. Rings before the wait are kept, many rings count as one. */
export type Bell = {
  ring(): void;
  /** Until the bell rings, the moment comes (never, when absent), or the signal aborts; whichever is first. */
  wait(until: MonoMs | undefined, signal: AbortSignal): Promise<"rung" | "due" | "aborted">;
};

/** A bell for one waiter. */
export function makeBell(clock: Clock): Bell {
  let rung = false;
  let wake: (() => void) | undefined;

  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(until, signal) {
      if (signal.aborted) return "aborted";
      if (rung) {
        rung = false;
        return "rung";
      }
      const end = await waitOnce(clock, until, signal, (resume) => {
        wake = resume;
      });
      wake = undefined;
      if (end === "rung") rung = false;
      return end;
    },
  };
}

/** One reason for all waits: an abort without a reason makes an error with a stack each time, which costs more than the wait. */
export const OVER = new Error("the wait is over");

async function waitOnce(
  clock: Clock,
  until: MonoMs | undefined,
  signal: AbortSignal,
  onRing: (resume: () => void) => void,
): Promise<"rung" | "due" | "aborted"> {
  const { promise, resolve } = Promise.withResolvers<"rung" | "due" | "aborted">();
  onRing(() => resolve("rung"));
  const onAbort = (): void => resolve("aborted");
  signal.addEventListener("abort", onAbort);
  // Most waits have no moment, and a controller for each would cost more than the rest of the wait.
  const timer = until === undefined ? undefined : new AbortController();
  if (until !== undefined && timer !== undefined) {
    void clock.sleep(until - clock.now().monoMs, timer.signal).then((end) => {
      if (end === "elapsed") resolve("due");
    });
  }
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    timer?.abort(OVER);
  }
}
