import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";
import type { ObservedContainer, ObservedPod } from "../pod/observed.ts";
import { containerType } from "./container-type.ts";

/** Pods and containers for metrics, kept up by differences so that one pod's change costs one pod's count. */
export type Counts = {
  note(pod: DesiredPod, observed: ObservedPod): void;
  /** The pod's phase as it is told now. */
  noteStatus(pod: DesiredPod, phase: string | undefined): void;
  forget(podUid: string): void;
};

const STATES = ["created", "running", "unknown", "exited"] as const;
type Count = Readonly<Record<(typeof STATES)[number] | "pods", number>>;
const none: Count = { created: 0, running: 0, unknown: 0, exited: 0, pods: 0 };

/** What was counted of one pod. */
type Counted = { readonly count: Count; readonly ended: ReadonlySet<string> };

/** Whether the pod is one of a file, as a label. */
export type StaticLabel = "true" | "";
/** The label of a pod. */
export const staticLabel = ({ origin }: DesiredPod): StaticLabel => (origin.kind === "file" ? "true" : "");

/** Counts of nothing. */
export function makeCounts(meter: Meter): Counts {
  /** @bound What was counted: one for each pod that has a worker, with the ids that the runtime still has. */
  const pods = new Map<string, Counted>();
  /** @bound Pods that have not finished: those that have a worker. */
  const active = new Map<string, StaticLabel>();
  const total: Record<keyof Count, number> = { ...none };

  const replace = (podUid: string, next: Count): void => {
    const before = pods.get(podUid)?.count ?? none;
    for (const key of [...STATES, "pods"] as const) total[key] += next[key] - before[key];
    meter.set("kubelet_running_pods", {}, total.pods);
    for (const state of STATES) meter.set("kubelet_running_containers", { container_state: state }, total[state]);
  };
  /** @bound Values of a label: a fixed number. */
  const labels = new Set<StaticLabel>(["true"]);
  const showActive = (): void => {
    for (const label of labels) {
      const count = [...active.values()].filter((one) => one === label).length;
      meter.set("kubelet_active_pods", { static: label }, count);
    }
  };

  return {
    note(pod, observed) {
      const before = pods.get(pod.uid);
      if (before === undefined) meter.observe("kubelet_containers_per_pod_count", {}, pod.containers.length);
      const next = countOf(observed);
      replace(pod.uid, next);
      const ended = observed.containers.filter((container) => container.state === "exited" && container.detailed);
      // what had ended before the pod was first seen was counted by an agent before this one
      for (const container of before === undefined ? [] : ended) {
        if (!before?.ended.has(container.id)) countEnd(meter, pod, container);
      }
      pods.set(pod.uid, { count: next, ended: new Set(ended.map(({ id }) => id)) });
    },
    noteStatus(pod, phase) {
      const label = staticLabel(pod);
      labels.add(label);
      if (phase === "Succeeded" || phase === "Failed") active.delete(pod.uid);
      else active.set(pod.uid, label);
      showActive();
    },
    forget(podUid) {
      replace(podUid, none);
      pods.delete(podUid);
      active.delete(podUid);
      showActive();
    },
  };
}

/** Labels that a container chooses stay within a number of series: 256 codes, and the reasons of containerd. */
const REASONS = new Set(["Completed", "Error", "OOMKilled", "StartError", "Unknown", "ContainerCannotRun"]);

function countEnd(meter: Meter, pod: DesiredPod, { name, exitCode = -1, reason = "Unknown" }: ObservedContainer): void {
  meter.add("kubelet_terminated_containers_total", {
    container_type: containerType(pod, name),
    exit_code: exitCode >= 0 && exitCode <= 255 ? String(exitCode) : "-1",
    reason: REASONS.has(reason) ? reason : "Unknown",
  });
}

function countOf({ containers, sandboxes }: ObservedPod): Count {
  const count = { ...none, pods: sandboxes.some(({ state }) => state === "ready") ? 1 : 0 };
  for (const { state } of containers) count[state] += 1;
  return count;
}
