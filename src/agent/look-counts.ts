import type { Clock } from "../base/clock.ts";
import type { DesiredPod } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";

/** What a worker does with its pod when it looks. */
type Looking = { readonly pod: DesiredPod; readonly ending: boolean; readonly finished: boolean };

/**
 * Measures the looks of one worker, and how long after its hiring the first one came. The words are the kubelet's (node.md
 * 7.1); `adopted` pods are not created any more.
 */
export function makeLookCounts(
  { clock, meter }: { readonly clock: Clock; readonly meter: Meter },
  adopted: boolean,
): <T>(doing: Looking, look: () => T) => T {
  const hiredMonoMs = clock.now().monoMs;
  let last: DesiredPod | undefined;

  const wordFor = ({ pod, ending, finished }: Looking): string => {
    if (finished) return "terminated";
    if (ending) return "kill";
    if (last === undefined) return adopted ? "sync" : "create";
    return last === pod ? "sync" : "update";
  };
  return (doing, look) => {
    const begunMonoMs = clock.now().monoMs;
    if (last === undefined) {
      meter.observe("kubelet_pod_worker_start_duration_seconds", {}, (begunMonoMs - hiredMonoMs) / 1000);
    }
    const operation_type = wordFor(doing);
    last = doing.pod;
    try {
      return look();
    } finally {
      const seconds = (clock.now().monoMs - begunMonoMs) / 1000;
      meter.observe("kubelet_pod_worker_duration_seconds", { operation_type }, seconds);
    }
  };
}
