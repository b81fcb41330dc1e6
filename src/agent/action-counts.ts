import type { Action, ActionOf, Outcome } from "../pod/action.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";
import { pluginOf } from "./volume-counts.ts";

/** Counts an action of this pod that has ended: how long it took from its plan on, and how it went. */
export function countAction(meter: Meter, pod: DesiredPod, action: Action, outcome: Outcome, durationMs: number): void {
  const seconds = durationMs / 1000;
  meter.observe("berth_action_duration_seconds", { action: action.kind }, seconds);
  if (outcome.kind === "failed") meter.add("berth_action_failures_total", { action: action.kind });
  if (action.kind === "run-sandbox") countSandbox(meter, outcome, seconds);
  if ((action.kind === "update-container" || action.kind === "limit-pod") && outcome.kind === "failed") {
    meter.observe("kubelet_pod_resize_duration_milliseconds", { success: "false" }, durationMs);
  }
  if (action.kind === "look" && outcome.kind === "done") {
    meter.observe("kubelet_pleg_pod_relist_duration_seconds", {}, seconds);
  }
  if (action.kind === "set-volume" && outcome.kind !== "withdrawn") {
    countVolume(meter, pod, action.volume, outcome, seconds);
  }
  if (action.kind === "run-hook" && seconds < sleepSeconds(pod, action)) {
    meter.add("kubelet_sleep_action_terminated_early_total", {});
  }
}

function countSandbox(meter: Meter, outcome: Outcome, seconds: number): void {
  if (outcome.kind === "done") meter.observe("kubelet_run_podsandbox_duration_seconds", RUNTIME_HANDLER, seconds);
  else if (outcome.kind === "failed") meter.add("kubelet_run_podsandbox_errors_total", RUNTIME_HANDLER);
}

function countVolume(meter: Meter, pod: DesiredPod, name: string, outcome: Outcome, seconds: number): void {
  const volume = pod.volumes.find((each) => each.name === name);
  if (volume === undefined) return;
  const labels = {
    volume_plugin: pluginOf(volume),
    operation_name: "volume_mount",
    status: outcome.kind === "done" ? "success" : "fail-unknown",
    migrated: "false",
  };
  meter.observe("storage_operation_duration_seconds", labels, seconds);
}

/** What a sleep before the stop was meant to take; 0 for any other hook. */
function sleepSeconds(pod: DesiredPod, { name, hook }: ActionOf<"run-hook">): number {
  if (hook !== "preStop") return 0;
  const handler = pod.containers.find((container) => container.name === name)?.spec.lifecycle?.preStop;
  // whatever stands before it in the order of handlers is run in its place (V25)
  if (handler?.exec !== undefined || handler?.httpGet !== undefined || handler?.tcpSocket !== undefined) return 0;
  return handler?.sleep?.seconds ?? 0;
}

/** The runtime's own default is the only handler. */
const RUNTIME_HANDLER = { runtime_handler: "" };

const MB = 1_000_000;
const GB = 1000 * MB;
const SIZES: readonly (readonly [below: number, label: string])[] = [
  [10 * MB, "0-10MB"],
  [100 * MB, "10MB-100MB"],
  [500 * MB, "100MB-500MB"],
  [GB, "500MB-1GB"],
  [5 * GB, "1GB-5GB"],
  [10 * GB, "5GB-10GB"],
  [20 * GB, "10GB-20GB"],
  [30 * GB, "20GB-30GB"],
  [40 * GB, "30GB-40GB"],
  [60 * GB, "40GB-60GB"],
  [100 * GB, "60GB-100GB"],
];

/** The kubelet's word for an image of so many bytes. */
export function sizeLabel(bytes: number | undefined): string {
  if (bytes === undefined || bytes <= 0) return "N/A";
  return SIZES.find(([below]) => bytes < below)?.[1] ?? "GT100GB";
}
