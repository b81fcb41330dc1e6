import type { Meter } from "../pod/metrics.ts";
import type { WorkerFacts } from "../pod/node-plan.ts";
import { staticLabel } from "./counts.ts";

/** Shows how many pods have a worker, by what it does and by who wants the pod (node.md 7.1). */
export type ShowWorking = (workers: readonly WorkerFacts[], askedUids: ReadonlySet<string>) => void;

/** Nothing was shown yet. */
export function makeShowWorking(meter: Meter): ShowWorking {
  /** @bound Combinations of three labels: a fixed number. */
  const shown = new Map<string, { readonly lifecycle: string; readonly config: string; readonly static: string }>();

  return (workers, askedUids) => {
    const counts = new Map<string, number>();
    for (const worker of workers) {
      const labels = labelsOf(worker, askedUids);
      const key = Object.values(labels).join();
      shown.set(key, labels);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, labels] of shown) meter.set("kubelet_working_pods", labels, counts.get(key) ?? 0);
  };
}

/** Shows how many pods wait for other resources, and how many are being given them (node.md 7.1). */
export function showResizes(meter: Meter, workers: readonly WorkerFacts[]): void {
  for (const reason of ["deferred", "infeasible"] as const) {
    const waiting = workers.filter(({ resize }) => resize === reason).length;
    meter.set("kubelet_pod_pending_resizes", { reason }, waiting);
  }
  meter.set("kubelet_pod_in_progress_resizes", {}, workers.filter(({ resizing }) => resizing).length);
}

function labelsOf({ pod, ending, finished }: WorkerFacts, askedUids: ReadonlySet<string>) {
  const unwanted = ending?.cause === "orphaned" ? "runtime_only" : "orphan";
  return {
    lifecycle: finished ? "terminated" : ending === undefined ? "sync" : "terminating",
    config: askedUids.has(pod.uid) ? "desired" : unwanted,
    static: staticLabel(pod),
  };
}
