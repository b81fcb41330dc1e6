import type { Clock, MonoMs } from "../base/clock.ts";

/** For each millisecond of work as many of rest. */
const REST_SHARE = 4;
/** What is shorter than a timer's own grain is not worth a rest. */
const SHORT_MS = 2;

/**
 * The rest after work that looks at all pods and began at that moment, so that such work takes at most a fifth of the time:
 * thousands of changes at once then cost as many passes as fit in, not one each over thousands of pods. Undefined when the
 * work was too short for one.
 */
export function restAfter(begunMonoMs: MonoMs, clock: Clock, signal: AbortSignal): Promise<unknown> | undefined {
  const workMs = clock.now().monoMs - begunMonoMs;
  return workMs < SHORT_MS ? undefined : clock.sleep(workMs * REST_SHARE, signal);
}
