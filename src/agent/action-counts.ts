import type { Action, Outcome } from "../pod/action.ts";
import type { Meter } from "../pod/metrics.ts";

/** Counts an action that has ended: how long it took from its plan on, and how it went. */
export function countAction(meter: Meter, action: Action, outcome: Outcome, durationMs: number): void {
  meter.observe("berth_action_duration_seconds", { action: action.kind }, durationMs / 1000);
  if (outcome.kind === "failed") meter.add("berth_action_failures_total", { action: action.kind });
  if (action.kind !== "run-sandbox") return;
  if (outcome.kind === "done")
    meter.observe("kubelet_run_podsandbox_duration_seconds", RUNTIME_HANDLER, durationMs / 1000);
  else if (outcome.kind === "failed") meter.add("kubelet_run_podsandbox_errors_total", RUNTIME_HANDLER);
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
