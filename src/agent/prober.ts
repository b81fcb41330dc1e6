import type { DesiredPod } from "../pod/desired.ts";
import type { ObservedPod } from "../pod/observed.ts";
import type { Verdicts } from "../pod/plan.ts";

/**
 * Where probes run (lifecycle.md 6): it follows what runs, keeps the timers, and rings a pod's bell when a verdict flips.
 * What a run of answers means is decided in decide/.
 */
export type Prober = {
  /** Told after each change of what is known of a pod. */
  follow(pod: DesiredPod, observed: ObservedPod): void;
  forget(podUid: string): void;
  /** The answers so far, as pictures show them. */
  verdicts(podUid: string): Verdicts;
};

const none: Verdicts = new Map();

/** Runs no probe: containers are never waited for, killed or held unready by one. */
export const noProber: Prober = { follow: () => {}, forget: () => {}, verdicts: () => none };
