import type { Meter } from "../pod/metrics.ts";
import type { ObservedPod } from "../pod/observed.ts";

/** Running pods and containers for metrics, kept up by differences so that one pod's change costs one pod's count. */
export type Counts = {
  note(podUid: string, observed: ObservedPod): void;
  forget(podUid: string): void;
};

const STATES = ["created", "running", "unknown", "exited"] as const;
type Count = Readonly<Record<(typeof STATES)[number] | "pods", number>>;
const none: Count = { created: 0, running: 0, unknown: 0, exited: 0, pods: 0 };

/** Counts of nothing. */
export function makeCounts(meter: Meter): Counts {
  /** @bound Counts for metrics: one for each pod that has a worker. */
  const pods = new Map<string, Count>();
  const total: Record<keyof Count, number> = { ...none };

  const replace = (podUid: string, next: Count): void => {
    const before = pods.get(podUid) ?? none;
    for (const key of [...STATES, "pods"] as const) total[key] += next[key] - before[key];
    meter.set("kubelet_running_pods", {}, total.pods);
    for (const state of STATES) meter.set("kubelet_running_containers", { container_state: state }, total[state]);
  };

  return {
    note(podUid, observed) {
      const next = countOf(observed);
      replace(podUid, next);
      pods.set(podUid, next);
    },
    forget(podUid) {
      replace(podUid, none);
      pods.delete(podUid);
    },
  };
}

function countOf({ containers, sandboxes }: ObservedPod): Count {
  const count = { ...none, pods: sandboxes.some(({ state }) => state === "ready") ? 1 : 0 };
  for (const { state } of containers) count[state] += 1;
  return count;
}
