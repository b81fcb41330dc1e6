import type { Clock, MonoMs } from "../base/clock.ts";
import type { Meter } from "../pod/metrics.ts";

/** How long pods take from first sight to their first Running status; a pod that runs when it is first seen was adopted. */
export type StartTimes = {
  /** The pod's phase as it is told now. */
  note(podUid: string, phase: string | undefined): void;
  forget(podUid: string): void;
};

/** No pod was seen yet. */
export function makeStartTimes({ clock, meter }: { readonly clock: Clock; readonly meter: Meter }): StartTimes {
  /** First sight of pods that have not run; undefined once they have. @bound When pods were first seen: one for each pod that has a worker. */
  const firstSeen = new Map<string, MonoMs | undefined>();

  return {
    note(podUid, phase) {
      const now = clock.now().monoMs;
      const since = firstSeen.has(podUid) ? firstSeen.get(podUid) : phase === "Running" ? undefined : now;
      firstSeen.set(podUid, phase === "Running" ? undefined : since);
      if (phase !== "Running" || since === undefined) return;
      meter.observe("kubelet_pod_start_duration_seconds", {}, (now - since) / 1000);
    },
    forget: (podUid) => void firstSeen.delete(podUid),
  };
}
